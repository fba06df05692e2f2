use serde::{Deserialize, Serialize};

/// What a run ran on: figures of speed mean little without it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Machine {
    /// How many threads can run at once.
    pub cores: u64,
    /// The processor's name, if the system says it.
    pub cpu: Option<String>,
    /// The operating system.
    pub os: String,
    /// The instruction set.
    pub arch: String,
    /// Whether the program was built to be fast (`release`) or to be debugged (`debug`).
    pub build: String,
    /// The program's version.
    pub version: String,
}

impl Machine {
    /// This one.
    pub fn here() -> Self {
        Self {
            cores: std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64),
            cpu: cpu_name(),
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// Linux says it; elsewhere it is not worth a dependency.
fn cpu_name() -> Option<String> {
    let facts = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let name = facts.lines().find_map(|line| line.strip_prefix("model name")?.trim_start().strip_prefix(':'))?;
    Some(name.trim().to_owned())
}
