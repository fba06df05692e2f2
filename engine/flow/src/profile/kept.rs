use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use etaflow_road::{Network, Timestamp};

use super::error::ProfileError;
use super::usual::SpeedProfile;
use crate::event::{Event, EventSource, ProfileId};
use crate::storage::{Storage, read_all, replace};

const FOLDER: &str = "profiles";

/// A file that is longer is none of ours.
const BYTES_MAX: u64 = 1 << 30;

/// How many profiles stay in memory beside their files: one is in force, one is about to be.
const AT_HAND: usize = 2;

/// How many profiles are kept where there are no files. None is let go of: the log may name it.
const IN_MEMORY_MAX: usize = 64;

/// The speed profiles that are kept of a network: as files, `profiles/<id>.profile` in a storage, or in memory. Cheap to
/// clone.
///
/// ```
/// # use etaflow::road::SyntheticCity;
/// # use etaflow::{EventSource, Key, Profiles, SpeedProfile, Timestamp};
/// let network = SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build();
/// let profiles = Profiles::in_memory(&network);
/// let profile = SpeedProfile::free_flow(&network);
/// let mut planner = EventSource::new(Key::new("planner")?, 0);
/// // Publish this event, and the profile is the traffic's prior from two ticks later on.
/// let event = profiles.adopt(&profile, &mut planner, Timestamp::from_secs(1_767_225_600))?;
/// assert_eq!(profiles.find(profile.id())?.id(), profile.id());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Profiles {
    inner: Arc<Inner>,
}

struct Inner {
    /// The mark of the network that they are of, if that is known here.
    network: Option<u64>,
    storage: Option<Arc<dyn Storage>>,
    /// The newest last.
    at_hand: Mutex<VecDeque<Arc<SpeedProfile>>>,
}

impl Profiles {
    /// None yet, to be kept in memory; at most 64.
    pub fn in_memory(network: &Network) -> Self {
        Self::new(Some(network), None)
    }

    /// Those in the folder `profiles` of a storage.
    pub fn in_storage(network: &Network, storage: Arc<dyn Storage>) -> Self {
        Self::new(Some(network), Some(storage))
    }

    /// Those in the folder `profiles` of a storage, for one who writes the log and knows no network: of which network they
    /// are is for those to see to who follow it.
    pub fn of_any_network(storage: Arc<dyn Storage>) -> Self {
        Self::new(None, Some(storage))
    }

    fn new(network: Option<&Network>, storage: Option<Arc<dyn Storage>>) -> Self {
        let network = network.map(SpeedProfile::network_mark);
        Self { inner: Arc::new(Inner { network, storage, at_hand: Mutex::default() }) }
    }

    /// Where in a storage a profile is.
    pub fn path(id: ProfileId) -> String {
        format!("{FOLDER}/{id}.profile")
    }

    /// Keeps a profile; where there is a storage, durably.
    ///
    /// # Errors
    /// If it is of another network, cannot be written, or is one too many.
    pub fn keep(&self, profile: &SpeedProfile) -> Result<ProfileId, ProfileError> {
        let id = profile.id();
        self.check_network(profile)?;
        match &self.inner.storage {
            Some(storage) => {
                // Also over a file of that name: nobody knows whether that one is durable.
                write(storage.as_ref(), profile).map_err(|error| io_error(storage.as_ref(), id, &error))?;
            }
            None => {
                let at_hand = self.at_hand();
                let known = at_hand.iter().any(|profile| profile.id() == id);
                if !known && at_hand.len() >= IN_MEMORY_MAX {
                    return Err(ProfileError::Full { id, max: IN_MEMORY_MAX });
                }
            }
        }
        self.put_at_hand(Arc::new(profile.clone()));
        Ok(id)
    }

    /// Keeps a profile, and gives the event that says it is adopted: to be published, and not made in another way, so that
    /// nothing is in the log that cannot be found.
    ///
    /// # Errors
    /// As [`keep`](Self::keep).
    pub fn adopt(
        &self,
        profile: &SpeedProfile,
        source: &mut EventSource,
        time: Timestamp,
    ) -> Result<Event, ProfileError> {
        let id = self.keep(profile)?;
        Ok(source.profile_adopted(time, id))
    }

    /// The profile of that name.
    ///
    /// # Errors
    /// If it is not there, is damaged, or is of another network.
    pub fn find(&self, id: ProfileId) -> Result<Arc<SpeedProfile>, ProfileError> {
        if let Some(profile) = self.at_hand().iter().find(|profile| profile.id() == id) {
            return Ok(Arc::clone(profile));
        }
        let Some(storage) = &self.inner.storage else {
            return Err(ProfileError::NotKept { id, kept: self.at_hand().len() });
        };
        let profile = Arc::new(self.read(storage.as_ref(), id)?);
        self.put_at_hand(Arc::clone(&profile));
        Ok(profile)
    }

    /// All that are kept, in the order of their names; whether they can be read is not looked at.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn list(&self) -> Result<Vec<ProfileId>, ProfileError> {
        let mut ids: Vec<ProfileId> = match &self.inner.storage {
            None => self.at_hand().iter().map(|profile| profile.id()).collect(),
            Some(storage) => {
                let names = storage.list(FOLDER).map_err(|error| ProfileError::Io {
                    path: storage.show(FOLDER),
                    kind: error.kind(),
                    message: error.to_string(),
                })?;
                names.iter().filter_map(|name| ProfileId::from_hex(name.strip_suffix(".profile")?)).collect()
            }
        };
        ids.sort_unstable();
        Ok(ids)
    }

    fn read(&self, storage: &dyn Storage, id: ProfileId) -> Result<SpeedProfile, ProfileError> {
        let path = Self::path(id);
        let bytes = read_all(storage, &path, BYTES_MAX).map_err(|error| io_error(storage, id, &error))?;
        let path = storage.show(&path);
        let Some(bytes) = bytes else { return Err(ProfileError::Missing { id, path }) };
        let profile = match SpeedProfile::decode(&bytes) {
            Ok(profile) => profile,
            Err(why) => return Err(ProfileError::Format { id, path, why }),
        };
        if profile.id() != id {
            return Err(ProfileError::Renamed { id, path, found: profile.id() });
        }
        self.check_network(&profile)?;
        Ok(profile)
    }

    fn check_network(&self, profile: &SpeedProfile) -> Result<(), ProfileError> {
        let found = profile.parts.network;
        match self.inner.network {
            Some(expected) if found != expected => {
                Err(ProfileError::OtherNetwork { id: profile.id(), found, expected })
            }
            _ => Ok(()),
        }
    }

    fn put_at_hand(&self, profile: Arc<SpeedProfile>) {
        let mut at_hand = self.at_hand();
        at_hand.retain(|other| other.id() != profile.id());
        at_hand.push_back(profile);
        if self.inner.storage.is_some() && at_hand.len() > AT_HAND {
            at_hand.pop_front();
        }
    }

    fn at_hand(&self) -> MutexGuard<'_, VecDeque<Arc<SpeedProfile>>> {
        self.inner.at_hand.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl fmt::Debug for Profiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profiles").field("network", &self.inner.network).finish_non_exhaustive()
    }
}

fn write(storage: &dyn Storage, profile: &SpeedProfile) -> io::Result<()> {
    storage.create_folder(FOLDER)?;
    storage.sync_folder("")?;
    replace(storage, &Profiles::path(profile.id()), &profile.encode())
}

fn io_error(storage: &dyn Storage, id: ProfileId, error: &io::Error) -> ProfileError {
    ProfileError::Io { path: storage.show(&Profiles::path(id)), kind: error.kind(), message: error.to_string() }
}
