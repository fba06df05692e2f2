//! Events as CloudEvents 1.0 in JSON, in structured mode.

use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;
use etaflow_road::{Coord, CoordError, Timestamp};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::error::EventError;
use super::fix::GpsFix;
use super::json_value::{Object, Scalar};
use super::key::Key;
use super::model::{DriverStatus, Event, EventData, EventId, RoadRef};
use super::record::ProfileId;

/// The attributes that count; others are extensions, and passed over.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    specversion: Scalar<'a>,
    #[serde(borrow, default)]
    id: Scalar<'a>,
    #[serde(borrow, default)]
    source: Scalar<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Scalar<'a>,
    #[serde(borrow, default)]
    time: Scalar<'a>,
    #[serde(borrow, default)]
    sequence: Scalar<'a>,
    #[serde(borrow, default)]
    due: Scalar<'a>,
    #[serde(borrow, default)]
    data: Object<Data<'a>>,
}

/// The fields of all types of event.
#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, default)]
    driver_id: Scalar<'a>,
    #[serde(borrow, default)]
    trip_id: Scalar<'a>,
    #[serde(borrow, default)]
    lat: Scalar<'a>,
    #[serde(borrow, default)]
    lon: Scalar<'a>,
    #[serde(borrow, default)]
    accuracy_m: Scalar<'a>,
    #[serde(borrow, default)]
    speed_mps: Scalar<'a>,
    #[serde(borrow, default)]
    heading_deg: Scalar<'a>,
    #[serde(borrow, default)]
    status: Scalar<'a>,
    #[serde(borrow, default)]
    pickup: Object<Place<'a>>,
    #[serde(borrow, default)]
    dropoff: Object<Place<'a>>,
    #[serde(borrow, default)]
    from_node: Scalar<'a>,
    #[serde(borrow, default)]
    to_node: Scalar<'a>,
    #[serde(borrow, default)]
    profile: Scalar<'a>,
}

#[derive(Deserialize)]
struct Place<'a> {
    #[serde(borrow, default)]
    lat: Scalar<'a>,
    #[serde(borrow, default)]
    lon: Scalar<'a>,
}

impl Event {
    /// Reads a CloudEvents 1.0 JSON object (structured mode, `application/cloudevents+json`).
    ///
    /// `specversion`, `id`, `source`, `type`, `time` (RFC 3339) and `data` must be there. The extension `sequence` (a
    /// whole number, or one in text) makes the event one of a numbered series, in place of `id`; the extension `due`
    /// (RFC 3339) says when it should have come in. Other extensions, and data that the type does not have, are passed
    /// over. Names are text or whole numbers. Times are kept to the microsecond.
    ///
    /// # Errors
    /// If it is not such an object, or a field is missing or out of its bounds.
    ///
    /// ```
    /// # use etaflow::{Event, EventData, Key};
    /// let event = Event::from_json(br#"{
    ///     "specversion": "1.0", "id": "e-1", "source": "app", "type": "trip.assigned", "time": "2026-01-02T03:04:05Z",
    ///     "data": {"trip_id": "t-9", "driver_id": 42}
    /// }"#)?;
    /// let EventData::TripAssigned { driver, .. } = &event.data else { panic!() };
    /// assert_eq!(driver, &Key::Number(42));
    /// assert_eq!(Event::from_json(event.to_json()?.as_bytes())?, event);
    /// # Ok::<(), etaflow::EventError>(())
    /// ```
    pub fn from_json(json: &[u8]) -> Result<Self, EventError> {
        let envelope: Object<Envelope<'_>> =
            serde_json::from_slice(json).map_err(|error| EventError::Json(error.to_string()))?;
        match envelope {
            Object::Is(envelope) => envelope.event(),
            Object::Absent => Err(EventError::Json("null".into())),
            Object::Other(what) => Err(EventError::Json(what.into())),
        }
    }

    /// Reads a JSON array of CloudEvents (`application/cloudevents-batch+json`): an event, or why it is none, for
    /// each of its elements.
    ///
    /// # Errors
    /// If it is no JSON array.
    pub fn from_json_batch(json: &[u8]) -> Result<Vec<Result<Self, EventError>>, EventError> {
        let elements: Vec<&RawValue> =
            serde_json::from_slice(json).map_err(|error| EventError::JsonBatch(error.to_string()))?;
        Ok(elements.into_iter().map(|element| Self::from_json(element.get().as_bytes())).collect())
    }

    /// As a CloudEvents 1.0 JSON object; [`from_json`](Self::from_json) gives the same event.
    ///
    /// # Errors
    /// If a time is not within the years 0 to 9999, or a key is one that [`Key::new`] does not make.
    pub fn to_json(&self) -> Result<String, EventError> {
        let mut envelope = json!({
            "specversion": "1.0",
            "source": key_text("source", &self.source)?,
            "type": self.data.type_name(),
            "time": time_text("time", self.time)?,
            "data": data_json(&self.data)?,
        });
        match &self.id {
            EventId::Sequence(number) => {
                envelope["id"] = number.to_string().into();
                envelope["sequence"] = number.to_string().into();
            }
            EventId::Opaque(id) => envelope["id"] = key_text("id", id)?.into(),
        }
        if let Some(due) = self.due {
            envelope["due"] = time_text("due", due)?.into();
        }
        Ok(envelope.to_string())
    }
}

impl Envelope<'_> {
    fn event(self) -> Result<Event, EventError> {
        match self.specversion.text("specversion")? {
            "1.0" => {}
            other => return Err(EventError::SpecVersion(shortened(other))),
        }
        let id = self.id.key("id")?;
        let id = match &self.sequence {
            Scalar::Absent => EventId::Opaque(id),
            sequence => EventId::Sequence(sequence.count("sequence")?),
        };
        Ok(Event {
            source: self.source.key("source")?,
            id,
            time: time("time", &self.time)?,
            due: if self.due.is_absent() { None } else { Some(time("due", &self.due)?) },
            data: data(self.kind.text("type")?, self.data)?,
        })
    }
}

fn data(kind: &str, data: Object<Data<'_>>) -> Result<EventData, EventError> {
    type Read = fn(&Data<'_>) -> Result<EventData, EventError>;
    let read: Read = match kind {
        "driver.location.updated" => |data| Ok(EventData::LocationUpdated { driver: data.driver()?, fix: data.fix()? }),
        "driver.status.changed" => {
            |data| Ok(EventData::StatusChanged { driver: data.driver()?, status: data.status()? })
        }
        "trip.requested" => |data| {
            let (pickup, dropoff) = (data.pickup()?, data.dropoff()?);
            Ok(EventData::TripRequested { trip: data.trip()?, pickup, dropoff })
        },
        "trip.assigned" => |data| Ok(EventData::TripAssigned { trip: data.trip()?, driver: data.driver()? }),
        "trip.picked_up" => |data| Ok(EventData::TripPickedUp { trip: data.trip()? }),
        "trip.completed" => |data| Ok(EventData::TripCompleted { trip: data.trip()? }),
        "trip.cancelled" => |data| Ok(EventData::TripCancelled { trip: data.trip()? }),
        "road.closed" => |data| Ok(EventData::RoadClosed(data.road()?)),
        "road.reopened" => |data| Ok(EventData::RoadReopened(data.road()?)),
        "traffic.profile.adopted" => |data| Ok(EventData::ProfileAdopted { profile: data.profile()? }),
        other => return Err(EventError::UnknownType(shortened(other))),
    };
    read(&data.required("data")?)
}

impl Data<'_> {
    fn driver(&self) -> Result<Key, EventError> {
        self.driver_id.key("data.driver_id")
    }

    fn trip(&self) -> Result<Key, EventError> {
        self.trip_id.key("data.trip_id")
    }

    fn fix(&self) -> Result<GpsFix, EventError> {
        let mut fix = GpsFix::at(coord(&self.lat, &self.lon, ["data.lat", "data.lon"])?);
        if let Some(accuracy) = self.accuracy_m.number_if_any("data.accuracy_m")? {
            fix = fix.with_accuracy_m(accuracy);
        }
        if let Some(speed) = self.speed_mps.number_if_any("data.speed_mps")? {
            fix = fix.with_speed_mps(speed);
        }
        if let Some(heading) = self.heading_deg.number_if_any("data.heading_deg")? {
            // A receiver that does not know its course says -1.
            fix = if heading < 0.0 { fix } else { fix.with_heading_deg(heading) };
        }
        Ok(fix)
    }

    fn pickup(&self) -> Result<Coord, EventError> {
        let place = self.pickup.as_required("data.pickup")?;
        coord(&place.lat, &place.lon, ["data.pickup.lat", "data.pickup.lon"])
    }

    fn dropoff(&self) -> Result<Coord, EventError> {
        let place = self.dropoff.as_required("data.dropoff")?;
        coord(&place.lat, &place.lon, ["data.dropoff.lat", "data.dropoff.lon"])
    }

    fn status(&self) -> Result<DriverStatus, EventError> {
        match self.status.text("data.status")? {
            "offline" => Ok(DriverStatus::Offline),
            "available" => Ok(DriverStatus::Available),
            "busy" => Ok(DriverStatus::Busy),
            other => Err(EventError::Value {
                field: "data.status",
                value: format!("{:?}", shortened(other)),
                bound: "\"offline\", \"available\" or \"busy\"",
            }),
        }
    }

    fn road(&self) -> Result<RoadRef, EventError> {
        let (from_node, to_node) = (self.from_node.node("data.from_node")?, self.to_node.node("data.to_node")?);
        Ok(RoadRef { from_node, to_node })
    }

    /// As text: many readers of JSON keep but 53 bits of a number.
    fn profile(&self) -> Result<ProfileId, EventError> {
        let text = self.profile.text("data.profile")?;
        ProfileId::from_hex(text).ok_or_else(|| EventError::Value {
            field: "data.profile",
            value: format!("{:?}", shortened(text)),
            bound: "16 hexadecimal digits in lower case",
        })
    }
}

fn coord(lat: &Scalar<'_>, lon: &Scalar<'_>, [lat_field, lon_field]: [&'static str; 2]) -> Result<Coord, EventError> {
    let (lat, lon) = (lat.number(lat_field)?, lon.number(lon_field)?);
    Coord::from_degrees(lat, lon).map_err(|error| match error {
        CoordError::Latitude(value) => {
            EventError::Coordinate { field: lat_field, value: value.to_string(), bound: "-90 to 90" }
        }
        CoordError::Longitude(value) => {
            EventError::Coordinate { field: lon_field, value: value.to_string(), bound: "-180 to 180" }
        }
    })
}

const TIME_BOUND: &str = "an RFC 3339 time";

fn time(field: &'static str, value: &Scalar<'_>) -> Result<Timestamp, EventError> {
    let text = value.text(field)?;
    let parsed = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| EventError::Value {
        field,
        value: format!("{:?}", shortened(text)),
        bound: TIME_BOUND,
    })?;
    // Years 0 to 9999 in microseconds are far within an i64.
    Ok(Timestamp::from_micros(parsed.unix_timestamp_nanos().div_euclid(1_000) as i64))
}

fn time_text(field: &'static str, time: Timestamp) -> Result<String, EventError> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(time.micros()) * 1_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .ok_or_else(|| EventError::Value { field, value: time.to_string(), bound: "within the years 0 to 9999" })
}

/// A name as text: numbers too, as many readers of JSON keep but 53 bits of them.
fn key_text(field: &'static str, key: &Key) -> Result<String, EventError> {
    let text = key.to_string();
    match Key::new(&text) {
        Ok(made) if made == *key => Ok(text),
        Ok(_) => Err(EventError::Value { field, value: format!("the text {text:?}"), bound: "a number" }),
        Err(error) => Err(EventError::Key { field, error }),
    }
}

fn data_json(data: &EventData) -> Result<serde_json::Value, EventError> {
    let driver = |key| key_text("data.driver_id", key);
    let trip = |key| key_text("data.trip_id", key);
    let place = |coord: Coord| json!({"lat": coord.lat(), "lon": coord.lon()});
    Ok(match data {
        EventData::LocationUpdated { driver: key, fix } => {
            let mut data = json!({"driver_id": driver(key)?, "lat": fix.coord().lat(), "lon": fix.coord().lon()});
            let [accuracy, speed, heading] = fix.raw_readings();
            let readings =
                [("accuracy_m", accuracy, 10.0), ("speed_mps", speed, 100.0), ("heading_deg", heading, 100.0)];
            for (name, raw, scale) in readings {
                if raw != u16::MAX {
                    data[name] = (f64::from(raw) / scale).into();
                }
            }
            data
        }
        EventData::StatusChanged { driver: key, status } => {
            let status = match status {
                DriverStatus::Offline => "offline",
                DriverStatus::Available => "available",
                DriverStatus::Busy => "busy",
            };
            json!({"driver_id": driver(key)?, "status": status})
        }
        EventData::TripRequested { trip: key, pickup, dropoff } => {
            json!({"trip_id": trip(key)?, "pickup": place(*pickup), "dropoff": place(*dropoff)})
        }
        EventData::TripAssigned { trip: key, driver: by } => json!({"trip_id": trip(key)?, "driver_id": driver(by)?}),
        EventData::TripPickedUp { trip: key }
        | EventData::TripCompleted { trip: key }
        | EventData::TripCancelled { trip: key } => json!({"trip_id": trip(key)?}),
        EventData::RoadClosed(road) | EventData::RoadReopened(road) => {
            json!({"from_node": road.from_node, "to_node": road.to_node})
        }
        EventData::ProfileAdopted { profile } => json!({"profile": profile.to_string()}),
    })
}

/// Text from outside, cut so that an error has a bounded length.
pub(super) fn shortened(text: &str) -> String {
    const MAX: usize = 64;
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
