use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::kubicka::{KubickaError, KubickaTrack, is_kubicka};
use crate::network::{CsvError, NETWORK_MAGIC, Network, NetworkFileError, TurnModel};
use crate::osm::{OsmError, import_pbf};

/// How a pbf begins, after four bytes that hold a length: a blob header's type.
const PBF_START: &[u8] = b"\x0a\x09OSMHeader";

/// Why a path does not lead to a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Nothing is there, or it cannot be read.
    #[error("cannot read {path}: {source}", path = .path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is none of the kinds that there are.
    #[error(
        "{path} is no .osm.pbf file, no network file, no directory with nodes.csv and edges.csv and no benchmark track",
        path = .0.display()
    )]
    Unrecognised(PathBuf),
    /// The OpenStreetMap extract cannot be imported.
    #[error("{path}: {source}", path = .path.display())]
    Osm {
        /// The path.
        path: PathBuf,
        /// Why.
        source: OsmError,
    },
    /// The network file cannot be read.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// Why.
        source: NetworkFileError,
    },
    /// The CSV files cannot be read.
    #[error("{path}: {source}", path = .path.display())]
    Csv {
        /// The path.
        path: PathBuf,
        /// Why.
        source: CsvError,
    },
    /// The track of the benchmark cannot be read.
    #[error("{path}: {source}", path = .path.display())]
    Kubicka {
        /// The path.
        path: PathBuf,
        /// Why.
        source: KubickaError,
    },
}

/// Opens a network, whatever it is kept in: an OpenStreetMap extract (`.osm.pbf`, imported for cars), a file written by
/// [`Network::save`], a directory with `nodes.csv` and `edges.csv`, or the folder or archive of a [`KubickaTrack`]. A
/// name that ends in `.tar.gz` or `.tgz` is an archive's; else what a file holds decides, then its name, and a directory
/// with `.nodes` or `.arcs` files is a track's.
///
/// # Errors
/// If nothing is there, if it is none of these, or if it is damaged.
pub fn open_network(path: &Path) -> Result<Network, OpenError> {
    let path = path.to_path_buf();
    if is_kubicka(&path) {
        return KubickaTrack::read_network(&path).map_err(|source| OpenError::Kubicka { path, source });
    }
    if path.is_dir() {
        let read = Network::from_csv_dir(&path, &TurnModel::default());
        return read.map_err(|source| OpenError::Csv { path, source });
    }
    let start = match read_start(&path) {
        Ok(start) => start,
        Err(source) => return Err(OpenError::Io { path, source }),
    };
    if start.starts_with(&NETWORK_MAGIC) {
        return Network::load(&path).map_err(|source| OpenError::File { path, source });
    }
    let named_pbf = path.extension().is_some_and(|extension| extension == "pbf");
    if named_pbf || start.get(4..).is_some_and(|start| start.starts_with(PBF_START)) {
        return match import_pbf(&path) {
            Ok(import) => Ok(import.network),
            Err(source) => Err(OpenError::Osm { path, source }),
        };
    }
    Err(OpenError::Unrecognised(path))
}

fn read_start(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(path)?.take(16).read_to_end(&mut start)?;
    Ok(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_path_leads_to_decides() {
        let directory = std::env::temp_dir().join(format!("etaflow-open-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("creates");
        let write = |name: &str, content: &[u8]| {
            let path = directory.join(name);
            std::fs::write(&path, content).expect("writes");
            path
        };
        write("nodes.csv", b"id,lat,lon\n1,41.15,-8.61\n2,41.16,-8.61\n");
        assert!(matches!(open_network(&directory), Err(OpenError::Csv { .. })));
        write("edges.csv", b"from,to,speed_kmh\n1,2,30\n");
        let network = open_network(&directory).expect("reads the CSV files");
        let binary = directory.join("any.name");
        network.save(&binary).expect("writes");
        assert_eq!(open_network(&binary).expect("reads the file").edge_count(), 2);
        let check = |path: &Path, expected: &str| {
            let error = open_network(path).expect_err("is no network").to_string();
            assert!(error.contains(expected), "{error:?} does not say {expected:?}");
        };
        check(&write("a.txt", b"hello"), "is no .osm.pbf file, no network file");
        check(&write("empty", b""), "is no .osm.pbf file");
        check(&write("a.osm.pbf", b"hello"), "not an OpenStreetMap pbf file");
        check(&write("b.network", &NETWORK_MAGIC), "cut off");
        check(&write("c", b"\0\0\0\x0d\x0a\x09OSMHeader\x18\x05"), "cut off");
        check(&directory.join("absent"), "cannot read");
        std::fs::remove_dir_all(&directory).expect("was there");
    }
}
