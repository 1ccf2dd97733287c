//! The `offer-authorization` program.

use std::process::ExitCode;

use offer_authorization::OfferAuthorization;

#[tokio::main]
async fn main() -> ExitCode {
    platform::program::main::<OfferAuthorization>().await
}
