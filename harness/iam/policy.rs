//! Who may connect as whom: the part of an IAM policy that is about `rds-db:connect`.

/// The resources of a policy's statements. A refusal counts for more than a permission, and what nobody allows is refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Policy {
    /// Patterns of resources that are allowed: `arn:aws:rds-db:eu-central-1:123456789012:dbuser:cluster-ABC/app_*`, or `*`.
    pub allow: Vec<String>,
    /// Patterns of resources that are denied.
    pub deny: Vec<String>,
}

impl Policy {
    /// One that allows everything.
    #[must_use]
    pub fn of_everything() -> Self {
        Self { allow: vec!["*".to_owned()], deny: Vec::new() }
    }

    /// Whether a statement allows it, whatever others deny.
    pub(super) fn allows(&self, resource: &str) -> bool {
        self.allow.iter().any(|pattern| matches(pattern, resource))
    }

    /// Whether a statement denies it.
    pub(super) fn denies(&self, resource: &str) -> bool {
        self.deny.iter().any(|pattern| matches(pattern, resource))
    }
}

/// Parts of an ARN that colons separate; the last one may have colons of its own.
const SEGMENTS: usize = 6;

/// Whether a resource is one that the pattern means: `*` is any run of characters and `?` one, within a segment of the ARN. `*`
/// alone is everything. Case counts.
pub(super) fn matches(pattern: &str, resource: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let mut patterns = pattern.splitn(SEGMENTS, ':');
    let mut segments = resource.splitn(SEGMENTS, ':');
    loop {
        match (patterns.next(), segments.next()) {
            (None, None) => return true,
            (Some(pattern), Some(segment)) if glob(pattern.as_bytes(), segment.as_bytes()) => {}
            _ => return false,
        }
    }
}

/// In time proportional to the product of the lengths, whatever the pattern.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut place) = (0, 0);
    // Where to go on if the text behind the last `*` does not fit: one more octet belongs to that.
    let mut retry: Option<(usize, usize)> = None;
    while place < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at + 1, place));
                at += 1;
            }
            Some(&octet) if octet == b'?' || octet == text[place] => (at, place) = (at + 1, place + 1),
            _ => match &mut retry {
                Some((behind, from)) => {
                    *from += 1;
                    (at, place) = (*behind, *from);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&octet| octet == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "arn:aws:rds-db:eu-central-1:123456789012:dbuser:cluster-ABC/alice";

    #[test]
    fn a_pattern_means_its_resources_and_no_other() {
        let check = |pattern: &str, expected| assert_eq!(matches(pattern, ALICE), expected, "{pattern}");
        check("*", true);
        check(ALICE, true);
        check("arn:aws:rds-db:eu-central-1:123456789012:dbuser:cluster-ABC/*", true);
        check("arn:aws:rds-db:eu-central-1:123456789012:dbuser:*/alice", true);
        check("arn:aws:rds-db:eu-central-1:123456789012:dbuser:*", true);
        check("arn:aws:rds-db:*:*:dbuser:cluster-A?C/al*e", true);
        check("arn:aws:rds-db:eu-central-1:123456789012:dbuser:cluster-ABC/bob", false);
        check("arn:aws:rds-db:eu-central-1:123456789012:dbuser:cluster-ABC/Alice", false);
        check("arn:aws:rds-db:eu-central-1:123456789012:dbuser:cluster-XYZ/*", false);
        check("arn:aws:rds-db:eu-west-1:123456789012:dbuser:cluster-ABC/*", false);
        check("arn:aws:rds-db:eu-central-1:210987654321:dbuser:cluster-ABC/*", false);
        check("arn:aws:rds:eu-central-1:123456789012:dbuser:cluster-ABC/*", false);
        // A wildcard stays within its segment.
        check("arn:aws:*:dbuser:cluster-ABC/alice", false);
        check("arn:*", false);
        check("", false);
    }

    #[test]
    fn wildcards_are_tried_at_every_place() {
        let check = |pattern: &str, text: &str, expected| {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        };
        check("", "", true);
        check("*", "", true);
        check("?", "", false);
        check("a*b*c", "aXbYbZc", true);
        check("a*b*c", "aXbYbZ", false);
        check("*ab", "aab", true);
        check("**a**", "a", true);
        check("a?c", "abc", true);
        check("a?c", "ac", false);
    }

    #[test]
    fn what_is_denied_is_denied_whoever_allows_it() {
        let policy = Policy { deny: vec![ALICE.to_owned()], ..Policy::of_everything() };
        assert!(policy.allows(ALICE) && policy.denies(ALICE));
        assert!(!Policy::default().allows(ALICE) && !Policy::default().denies(ALICE));
    }
}
