use std::process::{ExitCode, Termination};

/// What the program ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All is well.
    Ok = 0,
    /// It could not be done.
    Failure = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// It was done, and a bound of the scenario does not hold, or an event is not accounted for.
    BoundBreached = 99,
    /// The scenario, the network, the trips or the tracks cannot be used.
    BadConfiguration = 104,
    /// A signal ended it before its time.
    Signal = 105,
}

impl Exit {
    /// The number that a shell sees.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        self.into()
    }
}
