//! Adopting a newer generation of the policy: what it may change, and when it is refused.

use crate::policy::{self, Refusal};
use crate::proto::Policy;
use std::sync::Arc;
use wire::Catalogue;

/// A policy that can be in force, and the catalogue it asks for.
#[derive(Debug)]
pub struct Adoption {
    /// As offered, but for what only a restart can change.
    pub policy: Policy,
    /// None: relay only.
    pub catalogue: Option<Arc<Catalogue>>,
}

/// What is offered, with the addresses and control's own command line of what is in force: those need a restart.
///
/// # Errors
/// When any part of it cannot be read. Then what is in force stays so as a whole: half an edit is what nobody wrote.
pub fn of(mut offered: Policy, in_force: &Policy) -> Result<Adoption, Refusal> {
    offered.listeners.clone_from(&in_force.listeners);
    offered.health.clone_from(&in_force.health);
    offered.admin.clone_from(&in_force.admin);
    let argv = in_force.control.as_ref().map(|control| control.argv.clone()).unwrap_or_default();
    offered.control.get_or_insert_default().argv = argv;
    let (catalogue, refusals) = policy::catalogue(&offered);
    match refusals.into_iter().next() {
        None => Ok(Adoption { policy: offered, catalogue }),
        Some(refusal) => Err(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{Control, DrainSettings, Extract, Listener, Method, Program, Variant};

    fn policy(generation: u64) -> Policy {
        let number = generation.to_string();
        Policy {
            generation,
            config_hash: number.clone(),
            listeners: vec![Listener { name: number.clone(), ..Default::default() }],
            health: number.clone(),
            admin: number.clone(),
            drain_token_file: number.clone(),
            models: vec![number.clone()],
            drain: Some(DrainSettings {
                delay_nanos: Some(generation),
                total_nanos: generation,
                final_scrape_nanos: generation,
            }),
            control: Some(Control { argv: vec![number], memory_bytes: generation }),
            first_scrape_nanos: generation,
            observe: true,
            ..Default::default()
        }
    }

    #[test]
    fn what_only_a_restart_can_change_stays_as_it_was_and_all_else_is_new() {
        let adopted = of(policy(2), &policy(1)).expect("a policy that can be read").policy;
        let (old, new) = (policy(1), policy(2));
        let control = Some(Control { argv: vec!["1".into()], memory_bytes: 2 });
        let expected = Policy { listeners: old.listeners, health: old.health, admin: old.admin, control, ..new };
        assert_eq!(adopted, expected);
    }

    #[test]
    fn control_keeps_its_command_line_when_the_offer_says_nothing_of_control() {
        let adopted = of(Policy { control: None, ..policy(2) }, &policy(1)).expect("a policy").policy;
        assert_eq!(adopted.control, Some(Control { argv: vec!["1".into()], memory_bytes: 0 }));
    }

    #[test]
    fn a_tap_without_control_is_given_none_by_a_reload() {
        let adopted = of(policy(2), &Policy { control: None, ..policy(1) }).expect("a policy").policy;
        assert_eq!(adopted.control.map(|control| control.argv), Some(Vec::new()));
    }

    #[test]
    fn a_policy_that_observes_comes_with_its_catalogue_and_one_that_does_not_with_none() {
        assert!(of(policy(2), &policy(1)).expect("a policy").catalogue.is_some());
        assert!(of(Policy { observe: false, ..policy(2) }, &policy(1)).expect("a policy").catalogue.is_none());
    }

    #[test]
    fn one_part_that_cannot_be_read_refuses_the_whole_by_its_name() {
        let empty_path = Variant { extracts: vec![Extract::default()], ..Default::default() };
        let request = Some(Program { variants: vec![empty_path] });
        let bad = Method { path: "/a.B/C".into(), request, ..Default::default() };
        let good = Method { path: "/a.B/D".into(), ..Default::default() };
        let refusal = of(Policy { methods: vec![good, bad], ..policy(2) }, &policy(1)).expect_err("an empty path");
        assert!(refusal.starts_with("method /a.B/C: "), "{refusal}");
    }
}
