//! What settings are taken, and what a tenant's own do to those of all.

use super::*;

fn load(text: &str) -> Result<Config, platform::config::ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("routing.toml");
    let keys = "[auth]\njwks = \"keys.json\"\nsigning_key = \"own.pem\"\n";
    std::fs::write(&file, format!("{keys}{text}")).unwrap();
    Config::load(Some(&file))
}

#[test]
fn the_documented_defaults_are_accepted_once_keys_are_named() {
    let config = load("").unwrap();

    assert_eq!(config.auth.audience, crate::NAME);
    assert_eq!(config.rules.holdout_bps.get(), 1_000);
    assert_eq!(config.rules.outreach, Outreach::Running);
    assert_eq!(config.invitations.cool_down(), Duration::from_hours(24));
    assert!(config.tenants.is_empty());
}

#[test]
fn a_tenant_may_have_rules_of_its_own() {
    let config = load("[tenants.acme]\nholdout_bps = 0\ncontact_cap = 1\n").unwrap();

    let acme = config.tenants[&TenantId::parse("acme").unwrap()].over(&config.rules);

    assert_eq!((acme.holdout_bps.get(), acme.contact_cap), (0, 1));
    assert_eq!(acme.experiment, config.rules.experiment);
}

#[test]
fn the_kill_switch_for_all_cannot_be_undone_by_a_tenant() {
    let config =
        load("[rules]\noutreach = \"stopped\"\n[tenants.acme]\noutreach = \"running\"\n").unwrap();

    let acme = config.tenants[&TenantId::parse("acme").unwrap()].over(&config.rules);

    assert_eq!(acme.outreach, Outreach::Stopped);
}

#[test]
fn faults_are_named_with_their_tenant() {
    let refused = load("[tenants.acme]\ncontact_window_hours = 0\n").unwrap_err();

    assert!(
        refused
            .to_string()
            .contains("`tenants.acme.contact_window_hours`"),
        "{refused}"
    );
}

#[test]
fn a_service_without_a_key_of_its_own_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("routing.toml");
    std::fs::write(&file, "[auth]\njwks = \"keys.json\"\n").unwrap();

    let refused = Config::load(Some(&file)).unwrap_err();

    assert!(refused.to_string().contains("signing_key"), "{refused}");
}
