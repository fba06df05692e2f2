//! Small maps for tests, written as pbf.

use std::io::Write;

use super::OsmError;
use super::import::{Import, import_on};
use super::profile::Profile;

type Tags = Vec<(String, String)>;
/// Type (0 node, 1 way, 2 relation), id, role.
type Member = (u64, i64, String);

/// A map made by hand.
#[derive(Debug, Clone, Default)]
pub(super) struct Map {
    nodes: Vec<(i64, f64, f64, Tags)>,
    ways: Vec<(i64, Vec<i64>, Tags)>,
    relations: Vec<(i64, Vec<Member>, Tags)>,
}

fn owned(tags: &[(&str, &str)]) -> Tags {
    tags.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

impl Map {
    pub(super) fn node(mut self, id: i64, lat: f64, lon: f64, tags: &[(&str, &str)]) -> Self {
        self.nodes.push((id, lat, lon, owned(tags)));
        self
    }

    /// Nodes without tags, given as id, metres north and metres east of a place.
    pub(super) fn nodes(self, nodes: &[(i64, f64, f64)]) -> Self {
        nodes.iter().fold(self, |map, &(id, north, east)| map.node_at(id, north, east, &[]))
    }

    /// A node some metres north and east of a place.
    pub(super) fn node_at(self, id: i64, north: f64, east: f64, tags: &[(&str, &str)]) -> Self {
        self.node(id, north / 111_195.0, east / 111_195.0, tags)
    }

    pub(super) fn way(mut self, id: i64, refs: &[i64], tags: &[(&str, &str)]) -> Self {
        self.ways.push((id, refs.to_vec(), owned(tags)));
        self
    }

    pub(super) fn restriction(mut self, kind: &str, from: i64, via: i64, to: i64) -> Self {
        let member = |kind, id, role: &str| (kind, id, role.to_owned());
        let members = vec![member(1, from, "from"), member(0, via, "via"), member(1, to, "to")];
        let id = self.relations.len() as i64;
        self.relations.push((id, members, owned(&[("type", "restriction"), ("restriction", kind)])));
        self
    }

    pub(super) fn import(&self) -> Import {
        self.try_import().expect("imports")
    }

    pub(super) fn try_import(&self) -> Result<Import, OsmError> {
        import_bytes(&self.pbf(100, true), 1)
    }

    /// The map as a file, with so many elements a blob.
    pub(super) fn pbf(&self, per_blob: usize, dense: bool) -> Vec<u8> {
        let mut file = Message::default().bytes(4, b"OsmSchema-V0.6").bytes(4, b"DenseNodes").blob("OSMHeader", true);
        let mut zlib = true;
        let mut add = |block: Block| {
            // Both ways to store content take turns.
            file.extend(block.message().blob("OSMData", zlib));
            zlib = !zlib;
        };
        for nodes in self.nodes.chunks(per_blob) {
            let mut block = Block::default();
            if dense {
                block.dense(nodes)
            } else {
                nodes.iter().for_each(|node| block.node(node))
            }
            add(block);
        }
        for ways in self.ways.chunks(per_blob) {
            let mut block = Block::default();
            ways.iter().for_each(|way| block.way(way));
            add(block);
        }
        for relations in self.relations.chunks(per_blob) {
            let mut block = Block::default();
            relations.iter().for_each(|relation| block.relation(relation));
            add(block);
        }
        file
    }
}

pub(super) fn import_bytes(bytes: &[u8], threads: usize) -> Result<Import, OsmError> {
    import_on(std::io::Cursor::new(bytes), &Profile::car(), threads)
}

/// A protocol buffer message under construction.
#[derive(Debug, Clone, Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    pub(super) fn number(mut self, field: u64, value: u64) -> Self {
        push_varint(&mut self.0, field << 3);
        push_varint(&mut self.0, value);
        self
    }

    pub(super) fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        push_varint(&mut self.0, field << 3 | 2);
        push_varint(&mut self.0, value.len() as u64);
        self.0.extend(value);
        self
    }

    fn packed(self, field: u64, values: impl IntoIterator<Item = u64>) -> Self {
        let mut bytes = Vec::new();
        values.into_iter().for_each(|value| push_varint(&mut bytes, value));
        self.bytes(field, &bytes)
    }

    fn deltas(self, field: u64, values: impl IntoIterator<Item = i64>) -> Self {
        let mut last = 0;
        let steps = values.into_iter().map(|value| {
            let step = value - last;
            last = value;
            zigzag(step)
        });
        let steps: Vec<u64> = steps.collect();
        self.packed(field, steps)
    }

    /// The message as a blob with its header.
    pub(super) fn blob(&self, kind: &str, zlib: bool) -> Vec<u8> {
        let content = if zlib {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&self.0).expect("a vector takes all");
            let packed = encoder.finish().expect("a vector takes all");
            Message::default().number(2, self.0.len() as u64).bytes(3, &packed)
        } else {
            Message::default().bytes(1, &self.0)
        };
        let header = Message::default().bytes(1, kind.as_bytes()).number(3, content.0.len() as u64);
        let mut bytes = (header.0.len() as u32).to_be_bytes().to_vec();
        bytes.extend(header.0);
        bytes.extend(content.0);
        bytes
    }
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

fn e7(degrees: f64) -> i64 {
    (degrees * 1e7).round() as i64
}

#[derive(Debug, Default)]
struct Block {
    strings: Vec<String>,
    group: Message,
}

impl Block {
    fn string(&mut self, string: &str) -> u64 {
        if self.strings.is_empty() {
            self.strings.push(String::new());
        }
        let known = self.strings.iter().position(|known| known == string);
        known.unwrap_or_else(|| {
            self.strings.push(string.to_owned());
            self.strings.len() - 1
        }) as u64
    }

    fn with_tags(&mut self, message: Message, tags: &Tags) -> Message {
        let keys: Vec<u64> = tags.iter().map(|(key, _)| self.string(key)).collect();
        let values: Vec<u64> = tags.iter().map(|(_, value)| self.string(value)).collect();
        message.packed(2, keys).packed(3, values)
    }

    fn dense(&mut self, nodes: &[(i64, f64, f64, Tags)]) {
        let mut strings = Vec::new();
        for (_, _, _, tags) in nodes {
            for (key, value) in tags {
                strings.extend([self.string(key), self.string(value)]);
            }
            strings.push(0);
        }
        let dense = Message::default()
            .deltas(1, nodes.iter().map(|node| node.0))
            .deltas(8, nodes.iter().map(|node| e7(node.1)))
            .deltas(9, nodes.iter().map(|node| e7(node.2)))
            .packed(10, strings);
        self.group = std::mem::take(&mut self.group).bytes(2, &dense.0);
    }

    fn node(&mut self, (id, lat, lon, tags): &(i64, f64, f64, Tags)) {
        let node = Message::default().number(1, zigzag(*id)).number(8, zigzag(e7(*lat))).number(9, zigzag(e7(*lon)));
        let node = self.with_tags(node, tags);
        self.group = std::mem::take(&mut self.group).bytes(1, &node.0);
    }

    fn way(&mut self, (id, refs, tags): &(i64, Vec<i64>, Tags)) {
        let way = self.with_tags(Message::default().number(1, *id as u64), tags).deltas(8, refs.iter().copied());
        self.group = std::mem::take(&mut self.group).bytes(3, &way.0);
    }

    fn relation(&mut self, (id, members, tags): &(i64, Vec<Member>, Tags)) {
        let roles: Vec<u64> = members.iter().map(|(_, _, role)| self.string(role)).collect();
        let relation = self
            .with_tags(Message::default().number(1, *id as u64), tags)
            .packed(8, roles)
            .deltas(9, members.iter().map(|member| member.1))
            .packed(10, members.iter().map(|member| member.0));
        self.group = std::mem::take(&mut self.group).bytes(4, &relation.0);
    }

    fn message(self) -> Message {
        let strings = self.strings.iter().fold(Message::default(), |table, string| table.bytes(1, string.as_bytes()));
        Message::default().bytes(1, &strings.0).bytes(2, &self.group.0)
    }
}
