use std::process::{ExitCode, Termination};

/// What the program ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All is well; so it is where the answer as JSON says in its `code` that there is no way.
    Ok = 0,
    /// It could not be done, or there is no way to put into words.
    Failure = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// The network, a trace or a file of places cannot be used.
    BadConfiguration = 104,
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
