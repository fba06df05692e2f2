use std::sync::{Condvar, Mutex};

/// Lets threads pass, or holds them until it opens.
#[derive(Debug, Default)]
pub(super) struct Gate {
    shut: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(super) fn shut(&self) {
        *self.shut.lock().expect("nobody panics while holding a gate") = true;
    }

    pub(super) fn open(&self) {
        *self.shut.lock().expect("nobody panics while holding a gate") = false;
        self.opened.notify_all();
    }

    pub(super) fn pass(&self) {
        let mut shut = self.shut.lock().expect("nobody panics while holding a gate");
        while *shut {
            shut = self.opened.wait(shut).expect("nobody panics while holding a gate");
        }
    }
}
