#![no_main]
#![allow(missing_docs, reason = "a target is its function")]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| etaflow_fuzz::mark(bytes));
