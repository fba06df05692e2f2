use super::OsmError;
use super::tags::Tags;
use super::wire::{Value, Wire, zigzag};

/// An unpacked data blob: strings, and groups of elements that refer to them.
#[derive(Debug)]
pub(super) struct Block<'a> {
    strings: Vec<&'a str>,
    groups: Vec<&'a [u8]>,
    granularity: i64,
    lat_offset: i64,
    lon_offset: i64,
    /// Strings that are no UTF-8, and are read as "".
    pub(super) bad_strings: u64,
}

/// Where a node is, in 1e-9 degrees.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeView {
    pub(super) lat_nano: i64,
    pub(super) lon_nano: i64,
}

/// What a relation refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member<'a> {
    pub(super) kind: MemberKind,
    pub(super) id: i64,
    pub(super) role: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemberKind {
    Node,
    Way,
    Relation,
}

/// Who is told of each element of a block.
pub(super) trait Visitor {
    /// A way with its node ids.
    fn way(&mut self, id: i64, refs: &[i64], tags: &Tags<'_>);
    /// A relation with its members.
    fn relation(&mut self, id: i64, members: &[Member<'_>], tags: &Tags<'_>);
}

impl<'a> Block<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, OsmError> {
        let mut block = Self {
            strings: Vec::new(),
            groups: Vec::new(),
            granularity: 100,
            lat_offset: 0,
            lon_offset: 0,
            bad_strings: 0,
        };
        let mut wire = Wire::new(bytes);
        while let Some((field, value)) = wire.field()? {
            match field {
                1 => block.read_strings(value.bytes()?)?,
                2 => block.groups.push(value.bytes()?),
                17 => block.granularity = value.number()? as i64,
                19 => block.lat_offset = value.number()? as i64,
                20 => block.lon_offset = value.number()? as i64,
                _ => {}
            }
        }
        Ok(block)
    }

    fn read_strings(&mut self, bytes: &'a [u8]) -> Result<(), OsmError> {
        let mut wire = Wire::new(bytes);
        while let Some((field, value)) = wire.field()? {
            if field == 1 {
                let string = std::str::from_utf8(value.bytes()?).unwrap_or_else(|_| {
                    self.bad_strings += 1;
                    ""
                });
                self.strings.push(string);
            }
        }
        Ok(())
    }

    /// Visits the ways and relations.
    pub(super) fn visit(&self, visitor: &mut impl Visitor) -> Result<(), OsmError> {
        let mut scratch = Scratch::default();
        for group in &self.groups {
            let mut wire = Wire::new(group);
            while let Some((field, value)) = wire.field()? {
                match field {
                    3 => self.visit_way(value.bytes()?, &mut scratch, visitor)?,
                    4 => self.visit_relation(value.bytes()?, &mut scratch, visitor)?,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn visit_way(&self, bytes: &'a [u8], scratch: &mut Scratch, visitor: &mut impl Visitor) -> Result<(), OsmError> {
        scratch.clear();
        let mut id = 0;
        let mut wire = Wire::new(bytes);
        while let Some((field, value)) = wire.field()? {
            match field {
                1 => id = value.number()? as i64,
                2 => read_packed(value, |key| scratch.keys.push(key))?,
                3 => read_packed(value, |value| scratch.values.push(value))?,
                8 => read_deltas(value, &mut scratch.ids)?,
                _ => {}
            }
        }
        let tags = self.tags(&scratch.keys, &scratch.values)?;
        visitor.way(id, &scratch.ids, &Tags::new(&tags));
        Ok(())
    }

    fn visit_relation(
        &self,
        bytes: &'a [u8],
        scratch: &mut Scratch,
        visitor: &mut impl Visitor,
    ) -> Result<(), OsmError> {
        scratch.clear();
        let mut id = 0;
        let mut wire = Wire::new(bytes);
        while let Some((field, value)) = wire.field()? {
            match field {
                1 => id = value.number()? as i64,
                2 => read_packed(value, |key| scratch.keys.push(key))?,
                3 => read_packed(value, |value| scratch.values.push(value))?,
                8 => read_packed(value, |role| scratch.roles.push(role))?,
                9 => read_deltas(value, &mut scratch.ids)?,
                10 => read_packed(value, |kind| scratch.kinds.push(kind))?,
                _ => {}
            }
        }
        if scratch.roles.len() != scratch.ids.len() || scratch.kinds.len() != scratch.ids.len() {
            return Err(OsmError::Malformed { what: "a relation whose members lack a role or a type" });
        }
        let mut members = Vec::with_capacity(scratch.ids.len());
        for ((&id, &role), &kind) in scratch.ids.iter().zip(&scratch.roles).zip(&scratch.kinds) {
            let kind = match kind {
                0 => MemberKind::Node,
                1 => MemberKind::Way,
                2 => MemberKind::Relation,
                _ => return Err(OsmError::Malformed { what: "a relation's member of an unknown type" }),
            };
            members.push(Member { kind, id, role: self.string(role)? });
        }
        let tags = self.tags(&scratch.keys, &scratch.values)?;
        visitor.relation(id, &members, &Tags::new(&tags));
        Ok(())
    }

    /// Visits the nodes, each with its tags where `wanted` says so.
    pub(super) fn visit_nodes(
        &self,
        mut wanted: impl FnMut(i64) -> bool,
        mut visit: impl FnMut(NodeView, &Tags<'_>),
    ) -> Result<u64, OsmError> {
        let mut count = 0;
        for group in &self.groups {
            let mut wire = Wire::new(group);
            while let Some((field, value)) = wire.field()? {
                match field {
                    1 => {
                        count += 1;
                        self.visit_node(value.bytes()?, &mut wanted, &mut visit)?;
                    }
                    2 => count += self.visit_dense(value.bytes()?, &mut wanted, &mut visit)?,
                    _ => {}
                }
            }
        }
        Ok(count)
    }

    fn visit_node(
        &self,
        bytes: &'a [u8],
        wanted: &mut impl FnMut(i64) -> bool,
        visit: &mut impl FnMut(NodeView, &Tags<'_>),
    ) -> Result<(), OsmError> {
        let (mut id, mut lat, mut lon) = (0, 0, 0);
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let mut wire = Wire::new(bytes);
        while let Some((field, value)) = wire.field()? {
            match field {
                1 => id = zigzag(value.number()?),
                2 => read_packed(value, |key| keys.push(key))?,
                3 => read_packed(value, |value| values.push(value))?,
                8 => lat = zigzag(value.number()?),
                9 => lon = zigzag(value.number()?),
                _ => {}
            }
        }
        if wanted(id) {
            visit(self.node(lat, lon), &Tags::new(&self.tags(&keys, &values)?));
        }
        Ok(())
    }

    fn visit_dense(
        &self,
        bytes: &'a [u8],
        wanted: &mut impl FnMut(i64) -> bool,
        visit: &mut impl FnMut(NodeView, &Tags<'_>),
    ) -> Result<u64, OsmError> {
        let empty = Wire::new(&[]);
        let (mut ids, mut lats, mut lons, mut strings) = (empty, empty, empty, empty);
        let mut wire = Wire::new(bytes);
        while let Some((field, value)) = wire.field()? {
            match field {
                1 => ids = Wire::new(value.bytes()?),
                8 => lats = Wire::new(value.bytes()?),
                9 => lons = Wire::new(value.bytes()?),
                10 => strings = Wire::new(value.bytes()?),
                _ => {}
            }
        }
        let (mut id, mut lat, mut lon) = (0_i64, 0_i64, 0_i64);
        let mut tags = Vec::new();
        let mut count = 0;
        while let Some(step) = ids.packed()? {
            let (Some(lat_step), Some(lon_step)) = (lats.packed()?, lons.packed()?) else {
                return Err(OsmError::Malformed { what: "nodes without a place" });
            };
            id = id.wrapping_add(zigzag(step));
            lat = lat.wrapping_add(zigzag(lat_step));
            lon = lon.wrapping_add(zigzag(lon_step));
            count += 1;
            let want = wanted(id);
            tags.clear();
            // Each node's tags are pairs of string numbers up to a 0.
            while let Some(key) = strings.packed()? {
                if key == 0 {
                    break;
                }
                let value = strings.packed()?.ok_or(OsmError::Malformed { what: "a key without a value" })?;
                if want {
                    tags.push((self.string(key)?, self.string(value)?));
                }
            }
            if want {
                visit(self.node(lat, lon), &Tags::new(&tags));
            }
        }
        Ok(count)
    }

    fn node(&self, lat: i64, lon: i64) -> NodeView {
        // A place out of the globe is noticed by who receives it; here it only must not overflow.
        let nano = |offset: i64, value: i64| offset.saturating_add(self.granularity.saturating_mul(value));
        NodeView { lat_nano: nano(self.lat_offset, lat), lon_nano: nano(self.lon_offset, lon) }
    }

    fn tags(&self, keys: &[u64], values: &[u64]) -> Result<Vec<(&'a str, &'a str)>, OsmError> {
        if keys.len() != values.len() {
            return Err(OsmError::Malformed { what: "keys and values that differ in number" });
        }
        keys.iter().zip(values).map(|(&key, &value)| Ok((self.string(key)?, self.string(value)?))).collect()
    }

    fn string(&self, number: u64) -> Result<&'a str, OsmError> {
        let string = usize::try_from(number).ok().and_then(|number| self.strings.get(number));
        string.copied().ok_or(OsmError::Malformed { what: "a string number beyond the table" })
    }
}

#[derive(Debug, Default)]
struct Scratch {
    keys: Vec<u64>,
    values: Vec<u64>,
    ids: Vec<i64>,
    roles: Vec<u64>,
    kinds: Vec<u64>,
}

impl Scratch {
    fn clear(&mut self) {
        self.keys.clear();
        self.values.clear();
        self.ids.clear();
        self.roles.clear();
        self.kinds.clear();
    }
}

/// Reads a packed list of numbers, or the single number that an unpacked one is written as.
fn read_packed(value: Value<'_>, mut push: impl FnMut(u64)) -> Result<(), OsmError> {
    if let Value::Varint(number) = value {
        push(number);
        return Ok(());
    }
    let mut wire = Wire::new(value.bytes()?);
    while let Some(number) = wire.packed()? {
        push(number);
    }
    Ok(())
}

fn read_deltas(value: Value<'_>, out: &mut Vec<i64>) -> Result<(), OsmError> {
    let mut last = out.last().copied().unwrap_or(0);
    read_packed(value, |step| {
        last = last.wrapping_add(zigzag(step));
        out.push(last);
    })
}
