use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::page::page;
use super::summary::Report;

/// Where a report was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFiles {
    /// What `--json` prints.
    pub summary: PathBuf,
    /// A row a sample.
    pub samples: PathBuf,
    /// For people.
    pub page: PathBuf,
}

/// Why a report was not written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file cannot be written.
    #[error("report {path}: {source}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The summary cannot be put into JSON.
    #[error("summary: {0}")]
    Json(#[from] serde_json::Error),
    /// The samples cannot be put into CSV.
    #[error("samples: {0}")]
    Csv(#[from] csv::Error),
}

impl Report {
    /// The summary as one JSON object on several lines.
    ///
    /// # Errors
    /// If a figure has no place in JSON.
    pub fn to_json(&self) -> Result<String, ReportError> {
        Ok(serde_json::to_string_pretty(&self.summary)?)
    }

    /// The samples as CSV.
    ///
    /// # Errors
    /// If a sample has no place in CSV.
    pub fn to_csv(&self) -> Result<Vec<u8>, ReportError> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        for sample in &self.samples {
            csv.serialize(sample)?;
        }
        csv.into_inner().map_err(|error| csv::Error::from(io::Error::other(error.to_string())).into())
    }

    /// The page: one file with charts, without scripts, that loads nothing from outside.
    pub fn to_html(&self) -> String {
        page(self)
    }

    /// Writes `summary.json`, `samples.csv` and `report.html` into `folder`, which is made where it is not there.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<ReportFiles, ReportError> {
        make_folder(folder)?;
        let files = ReportFiles {
            summary: folder.join("summary.json"),
            samples: folder.join("samples.csv"),
            page: folder.join("report.html"),
        };
        fs::write(&files.summary, self.to_json()? + "\n").map_err(failed(&files.summary))?;
        fs::write(&files.samples, self.to_csv()?).map_err(failed(&files.samples))?;
        fs::write(&files.page, self.to_html()).map_err(failed(&files.page))?;
        Ok(files)
    }
}

/// Makes the folder of a report where it is not there: before the run, lest it was for nothing.
///
/// # Errors
/// If it cannot be made, or nothing can be written in it.
pub(crate) fn make_folder(folder: &Path) -> Result<(), ReportError> {
    fs::create_dir_all(folder).map_err(failed(folder))?;
    // The only way to know: root may write where the permissions say that nobody may, and nobody on a full disk.
    let probe = folder.join(".writable");
    fs::write(&probe, "?").and_then(|()| fs::remove_file(&probe)).map_err(failed(folder))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> ReportError {
    let path = path.to_owned();
    move |source| ReportError::Write { path, source }
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
