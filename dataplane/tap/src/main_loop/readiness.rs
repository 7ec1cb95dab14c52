//! Ready = not draining, and each upstream accepted the last dial. That the tap listens is told by the answer itself.

/// Why the tap is not ready, given its upstreams as (address, is up); None: it is.
pub fn not_ready<'a>(draining: bool, mut upstreams: impl Iterator<Item = (&'a str, bool)>) -> Option<String> {
    if draining {
        return Some("draining".to_string());
    }
    let (down, _) = upstreams.find(|(_, is_up)| !is_up)?;
    Some(format!("upstream {down} is down"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_when_every_upstream_is_up() {
        assert_eq!(not_ready(false, [("a:1", true), ("b:2", true)].into_iter()), None);
    }

    #[test]
    fn the_first_upstream_that_is_down_is_named() {
        let upstreams = [("a:1", true), ("b:2", false), ("c:3", false)];
        assert_eq!(not_ready(false, upstreams.into_iter()).as_deref(), Some("upstream b:2 is down"));
    }

    #[test]
    fn draining_comes_before_whatever_is_down() {
        for is_up in [true, false] {
            assert_eq!(not_ready(true, [("a:1", is_up)].into_iter()).as_deref(), Some("draining"));
        }
    }
}
