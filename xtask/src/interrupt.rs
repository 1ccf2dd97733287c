//! Turns Ctrl-C and SIGTERM into a flag. Without it the process would end at once and leave its PostgreSQL running;
//! with it, every wait ends early and the values on the stack are dropped as after any other failure.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::failure::Failure;

/// How often a wait looks at the flag.
pub(crate) const POLL: Duration = Duration::from_millis(20);

static ASKED_TO_STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

pub(crate) fn watch() -> Result<(), Failure> {
    [SIGINT, SIGTERM, SIGHUP]
        .into_iter()
        .try_for_each(|signal| {
            signal_hook::flag::register(signal, Arc::clone(&ASKED_TO_STOP)).map(|_id| ())
        })
        .map_err(|source: io::Error| Failure::File {
            doing: "watch for Ctrl-C".to_owned(),
            source,
        })
}

pub(crate) fn is_asked_to_stop() -> bool {
    ASKED_TO_STOP.load(Ordering::Relaxed)
}
