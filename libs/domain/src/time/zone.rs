//! A time zone by its IANA name, with the rules bundled into the program.
//!
//! Not the rules of the host: two replicas with different system databases would disagree about quiet hours.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use super::{InvalidTime, Timestamp};

static RULES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone such as `Europe/Madrid`.
///
/// Equality, order and hash go by name: `Asia/Calcutta` and `Asia/Kolkata` keep the same time and are two zones here.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    name: Box<str>,
    rules: TimeZone,
}

impl Zone {
    /// Looks the name up; capitals do not matter, and the name is kept as the database writes it.
    ///
    /// # Errors
    ///
    /// [`InvalidTime::Zone`] for a name that the database does not hold. `Etc/Unknown` says that nobody knows, and
    /// is refused: an unknown zone is `None`.
    pub fn parse(name: &str) -> Result<Self, InvalidTime> {
        let rules = RULES.get(name).map_err(|_| InvalidTime::Zone)?;
        if rules.is_unknown() {
            return Err(InvalidTime::Zone);
        }
        let name = rules.iana_name().ok_or(InvalidTime::Zone)?.into();
        Ok(Self { name, rules })
    }

    /// The IANA name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The hour on the wall at the instant, 0 to 23.
    pub fn hour(&self, instant: Timestamp) -> u8 {
        self.local(instant).hour().unsigned_abs()
    }

    /// What clocks on the wall show at the instant. Total: every instant has exactly one local time, whereas a local
    /// time may fall into a gap or happen twice.
    pub(super) fn local(&self, instant: Timestamp) -> DateTime {
        self.rules.to_datetime(instant)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Zone").field(&self.name).finish()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.name)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Zone {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name)
    }
}

impl Hash for Zone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl FromStr for Zone {
    type Err = InvalidTime;

    fn from_str(name: &str) -> Result<Self, InvalidTime> {
        Self::parse(name)
    }
}

impl TryFrom<String> for Zone {
    type Error = InvalidTime;

    fn try_from(name: String) -> Result<Self, InvalidTime> {
        Self::parse(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name.into()
    }
}
