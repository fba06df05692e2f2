/// How important a road is, most important first; OpenStreetMap's `highway` values for cars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RoadClass {
    /// Controlled-access, grade-separated.
    Motorway = 0,
    /// The most important that is no motorway.
    Trunk = 1,
    /// Links large towns; a city's main arterials.
    Primary = 2,
    /// Links towns; a city's arterials.
    Secondary = 3,
    /// Links villages; a district's collectors.
    Tertiary = 4,
    /// Minor through roads.
    Unclassified = 5,
    /// Gives access to homes.
    Residential = 6,
    /// Shared with pedestrians.
    LivingStreet = 7,
    /// Driveways, parking aisles, alleys.
    Service = 8,
    /// Unpaved, agricultural.
    Track = 9,
    /// Carried by a boat.
    Ferry = 10,
}

impl RoadClass {
    /// All of them, in order.
    pub const ALL: [Self; 11] = [
        Self::Motorway,
        Self::Trunk,
        Self::Primary,
        Self::Secondary,
        Self::Tertiary,
        Self::Unclassified,
        Self::Residential,
        Self::LivingStreet,
        Self::Service,
        Self::Track,
        Self::Ferry,
    ];

    /// Its name in OpenStreetMap and in CSV files: "living_street".
    pub const fn name(self) -> &'static str {
        match self {
            Self::Motorway => "motorway",
            Self::Trunk => "trunk",
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Tertiary => "tertiary",
            Self::Unclassified => "unclassified",
            Self::Residential => "residential",
            Self::LivingStreet => "living_street",
            Self::Service => "service",
            Self::Track => "track",
            Self::Ferry => "ferry",
        }
    }

    /// The class with this [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// The class with this discriminant.
    pub fn from_u8(value: u8) -> Option<Self> {
        Self::ALL.get(usize::from(value)).copied()
    }
}

/// What else is true of an edge: a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct EdgeFlags(u8);

impl EdgeFlags {
    /// Part of a roundabout.
    pub const ROUNDABOUT: Self = Self(1);
    /// Underground: no satellites are seen.
    pub const TUNNEL: Self = Self(2);
    /// A ramp between roads.
    pub const LINK: Self = Self(4);
    /// Open only to those whose way begins or ends there.
    pub const DESTINATION_ONLY: Self = Self(8);
    /// A toll is due.
    pub const TOLL: Self = Self(16);
    /// On a bridge.
    pub const BRIDGE: Self = Self(32);

    const ALL: u8 = 63;

    /// All of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` are in here.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// From bits; `None` if one of them means nothing.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits & !Self::ALL == 0 { Some(Self(bits)) } else { None }
    }
}
