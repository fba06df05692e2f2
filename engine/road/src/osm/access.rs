use super::report::InvalidTags;
use super::tags::{Direction, Tags};

/// Whether one may go somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    No,
    /// Only who has business there.
    Destination,
    Yes,
}

impl Access {
    fn parse(value: &str) -> Option<Self> {
        match value.trim() {
            "yes" | "permissive" | "designated" | "official" | "public" | "hov" | "motorcar" | "motor_vehicle"
            | "vehicle" | "toll" | "variable" => Some(Self::Yes),
            "destination" | "customers" | "delivery" | "private" | "residents" | "resident" | "permit"
            | "employees" | "visitors" | "students" => Some(Self::Destination),
            "no"
            | "agricultural"
            | "forestry"
            | "agricultural;forestry"
            | "emergency"
            | "psv"
            | "bus"
            | "taxi"
            | "military"
            | "service"
            | "use_sidepath"
            | "dismount"
            | "discouraged"
            | "none"
            | "restricted" => Some(Self::No),
            _ => None,
        }
    }
}

/// What the tags say for one direction (of a way) or for all (of a node): the most specific key that makes sense
/// decides. `None` if none does.
pub(super) fn access(
    tags: &Tags<'_>,
    keys: &[String],
    direction: Option<Direction>,
    invalid: &mut InvalidTags,
) -> Option<Access> {
    keys.iter().find_map(|key| {
        let value = match direction {
            Some(direction) => tags.get_directed(key, direction),
            None => tags.get(key),
        }?;
        // Of several values the most permissive: "agricultural;destination".
        let access = value.split(';').filter_map(Access::parse).max();
        // "unknown" is a way to say nothing.
        if access.is_none() && value != "unknown" {
            invalid.access += 1;
        }
        access
    })
}

#[cfg(test)]
mod tests {
    use super::super::profile::Profile;
    use super::*;

    fn check(tags: &[(&str, &str)], expected: Option<Access>) {
        let mut invalid = InvalidTags::default();
        let found = access(&Tags::new(tags), &Profile::car().access_keys, Some(Direction::Forward), &mut invalid);
        assert_eq!(found, expected, "{tags:?}");
    }

    #[test]
    fn the_most_specific_key_decides() {
        check(&[], None);
        check(&[("access", "no")], Some(Access::No));
        check(&[("access", "no"), ("motor_vehicle", "yes")], Some(Access::Yes));
        check(&[("vehicle", "no"), ("access", "yes")], Some(Access::No));
        check(&[("motorcar", "no"), ("motor_vehicle", "yes"), ("access", "yes")], Some(Access::No));
        check(&[("access", "private")], Some(Access::Destination));
        check(&[("motor_vehicle", "agricultural;destination")], Some(Access::Destination));
        check(&[("bus", "yes"), ("access", "no")], Some(Access::No));
        check(&[("motor_vehicle:forward", "no"), ("motor_vehicle", "yes")], Some(Access::No));
        check(&[("motor_vehicle:backward", "no"), ("motor_vehicle", "yes")], Some(Access::Yes));
    }

    #[test]
    fn a_value_without_meaning_is_counted_and_the_next_key_asked() {
        let mut invalid = InvalidTags::default();
        let tags = [("motorcar", "mybe"), ("access", "no")];
        assert_eq!(access(&Tags::new(&tags), &Profile::car().access_keys, None, &mut invalid), Some(Access::No));
        assert_eq!(invalid.access, 1);
    }

    #[test]
    fn a_taxi_may_use_what_is_kept_for_it() {
        let mut invalid = InvalidTags::default();
        let tags = Tags::new(&[("motor_vehicle", "no"), ("psv", "yes")]);
        assert_eq!(access(&tags, &Profile::taxi().access_keys, None, &mut invalid), Some(Access::Yes));
        assert_eq!(access(&tags, &Profile::car().access_keys, None, &mut invalid), Some(Access::No));
    }
}
