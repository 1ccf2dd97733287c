//! `rescate audit`: proves the audit trail of offers, or exports it. Works on the files of a suite, whether it runs or not.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use domain::id::TenantId;
use offer_authorization::{Config, InspectionError, Inspector, Verified};
use platform::config::{ConfigError, ServiceConfig};
use thiserror::Error;

use crate::output::{line, note};
use crate::suite;

/// Prove or export the audit trail of offers.
///
/// Every grant, refusal, approval, redemption and reversal of an offer, and every change of a policy, programme or purse, is an
/// entry of its tenant's trail, and holds the hash of the entry before it. Signed checkpoints beside the keys of offer tokens
/// tell how far a trail had come. Both commands read the files of a suite, whether it runs or not, and change nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rescate audit verify                          prove the trails of all tenants in ./rescate-data
  rescate audit export > trail.jsonl
                                                one tenant's trail as signed JSON lines
  rescate audit verify --export trail.jsonl     prove such a file")]
pub(crate) struct AuditArguments {
    #[command(subcommand)]
    command: AuditCommand,
    /// Folder of the suite, with its databases and keys.
    #[arg(
        long,
        global = true,
        default_value = "rescate-data",
        value_name = "FOLDER"
    )]
    data: PathBuf,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Prove that no entry was changed, taken out, moved or cut off; fails when one was.
    Verify {
        /// Only this tenant.
        #[arg(long, value_parser = TenantId::parse)]
        tenant: Option<TenantId>,
        /// An export, in place of the database.
        #[arg(long, value_name = "FILE", conflicts_with = "tenant")]
        export: Option<PathBuf>,
    },
    /// Write a tenant's trail to standard output: JSON lines, the last of which signs all of them.
    Export {
        /// Whose trail.
        #[arg(long, default_value = suite::default_tenant(), value_parser = TenantId::parse)]
        tenant: TenantId,
    },
}

/// Why a trail could not be proven or exported.
#[derive(Debug, Error)]
pub(crate) enum AuditError {
    #[error("there is no suite in `{0}`: name its folder with `--data`")]
    NoSuite(PathBuf),
    #[error("the settings of the suite cannot be read")]
    Settings(#[from] ConfigError),
    #[error("the trail cannot be read")]
    Inspection(#[from] InspectionError),
    #[error("`{path}` cannot be read")]
    Export {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the trail is not what was written")]
    NotSound,
}

/// Proves or exports.
pub(crate) async fn run(arguments: AuditArguments) -> Result<(), AuditError> {
    let inspector = open(&arguments.data).await?;
    let outcome = execute(&inspector, arguments.command).await;
    inspector.close().await;
    outcome
}

async fn open(data: &Path) -> Result<Inspector, AuditError> {
    let settings = suite::settings_file(data, offer_authorization::NAME);
    if !settings.exists() {
        return Err(AuditError::NoSuite(data.to_owned()));
    }
    let config = Config::load(Some(&settings))?;
    Ok(Inspector::open(&config).await?)
}

async fn execute(inspector: &Inspector, command: AuditCommand) -> Result<(), AuditError> {
    match command {
        AuditCommand::Verify {
            export: Some(path), ..
        } => judge(&[verify_export(inspector, &path)?]),
        AuditCommand::Verify { tenant, .. } => {
            let tenants = match tenant {
                Some(tenant) => vec![tenant],
                None => inspector.tenants().await?,
            };
            let mut verified = Vec::new();
            for tenant in &tenants {
                verified.push(inspector.verify(tenant).await?);
            }
            judge(&verified)
        }
        AuditCommand::Export { tenant } => {
            let mut out = BufWriter::new(io::stdout().lock());
            let entries = inspector.export(&tenant, &mut out).await?;
            out.flush().map_err(InspectionError::from)?;
            note(format_args!("{entries} entries of {tenant}"));
            Ok(())
        }
    }
}

fn verify_export(inspector: &Inspector, path: &Path) -> Result<Verified, AuditError> {
    let file = File::open(path).map_err(|source| AuditError::Export {
        path: path.to_owned(),
        source,
    })?;
    Ok(inspector.verify_export(BufReader::new(file))?)
}

/// Tells what was found; anything at all is a failure.
fn judge(verified: &[Verified]) -> Result<(), AuditError> {
    for Verified {
        tenant,
        entries,
        checkpoints,
        faults,
    } in verified
    {
        let verdict = if faults.is_empty() {
            "sound"
        } else {
            "NOT SOUND"
        };
        line(format_args!(
            "{tenant}: {verdict}, {entries} entries, {checkpoints} signed checkpoints"
        ));
        for fault in faults {
            line(format_args!("{tenant}: {fault}"));
        }
    }
    if verified.iter().all(|verified| verified.faults.is_empty()) {
        Ok(())
    } else {
        Err(AuditError::NotSound)
    }
}
