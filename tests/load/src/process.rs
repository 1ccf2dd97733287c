//! What the system says of a process: its processor time and its memory.

use std::fs;
use std::time::Duration;

use crate::error::LoadError;

/// Linux counts processor time for programs in hundredths of a second (`USER_HZ`), on every machine that we run on.
const TICK: Duration = Duration::from_millis(10);

/// Places of `utime` and `stime` in `/proc/PID/stat`, counted from the field behind the name.
const UTIME: usize = 11;

/// Processor time of a process so far, of all its threads, those that have ended included.
pub(crate) fn cpu(id: u32) -> Result<Duration, LoadError> {
    let path = format!("/proc/{id}/stat");
    let stat = fs::read_to_string(&path).map_err(LoadError::at(path))?;
    cpu_in(&stat).ok_or(LoadError::Process(id))
}

/// Memory of a process that is in use now, in bytes.
pub(crate) fn resident(id: u32) -> Result<u64, LoadError> {
    testkit::process::resident(id).ok_or(LoadError::Process(id))
}

/// The name stands in brackets and may hold anything, brackets too.
fn cpu_in(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(UTIME);
    let user: u32 = times.next()?.parse().ok()?;
    let system: u32 = times.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_behind_the_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 900 0 0 0 150 25 0 0 20 0 9 0 77 1 2";

        assert_eq!(cpu_in(stat), Some(Duration::from_millis(1_750)));
    }

    #[test]
    fn this_process_has_both() {
        let id = std::process::id();

        assert!(cpu(id).is_ok());
        assert!(resident(id).unwrap() > 1024 * 1024);
    }
}
