use super::block::{Member, MemberKind};
use super::report::RestrictionReport;
use super::tags::Tags;

/// A turn that is forbidden, or the only one allowed, by way of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Restriction {
    pub(super) only: bool,
    /// A way's id; several for `no_entry`.
    pub(super) from: Vec<i64>,
    /// A node's id.
    pub(super) via: i64,
    /// A way's id; several for `no_exit`.
    pub(super) to: Vec<i64>,
}

impl Restriction {
    /// What a relation says, if it is a turn restriction for cars by way of a node; the report counts why not.
    pub(super) fn of(members: &[Member<'_>], tags: &Tags<'_>, report: &mut RestrictionReport) -> Option<Self> {
        let kind = tags.get("type")?;
        if kind != "restriction" && !kind.starts_with("restriction:") {
            return None;
        }
        report.found += 1;
        let Some(rule) = rule(kind, tags) else {
            if tags.iter().any(|(key, _)| key.starts_with("restriction") && key.ends_with(":conditional")) {
                report.conditional += 1;
            } else if tags.iter().any(|(key, _)| key.starts_with("restriction:")) || kind != "restriction" {
                report.not_for_cars += 1;
            } else {
                report.malformed += 1;
            }
            return None;
        };
        if is_excepted(tags) {
            report.not_for_cars += 1;
            return None;
        }
        // The old way to say between which hours; a network has one set of turns for all hours.
        if tags.get("day_on").or_else(|| tags.get("hour_on")).is_some() {
            report.conditional += 1;
            return None;
        }
        let ids = |role: &str, kind| -> Vec<i64> {
            members.iter().filter(|member| member.role == role && member.kind == kind).map(|member| member.id).collect()
        };
        if !ids("via", MemberKind::Way).is_empty() {
            report.via_way += 1;
            return None;
        }
        let (from, via, to) = (ids("from", MemberKind::Way), ids("via", MemberKind::Node), ids("to", MemberKind::Way));
        let only = rule.starts_with("only_");
        let many_from = from.len() > 1 && rule != "no_entry";
        let many_to = to.len() > 1 && rule != "no_exit";
        let known = only || rule.starts_with("no_");
        if !known || from.is_empty() || to.is_empty() || via.len() != 1 || many_from || many_to {
            report.malformed += 1;
            return None;
        }
        Some(Self { only, from, via: via[0], to })
    }
}

/// The rule for cars: "no_left_turn", "only_straight_on".
fn rule<'a>(kind: &str, tags: &Tags<'a>) -> Option<&'a str> {
    let own = ["restriction:motorcar", "restriction:motor_vehicle", "restriction:vehicle"];
    let specific = own.iter().find_map(|key| tags.get(key));
    // An old spelling puts the vehicle into the type.
    let general = kind == "restriction" || own.contains(&kind);
    specific.or_else(|| if general { tags.get("restriction") } else { None })
}

fn is_excepted(tags: &Tags<'_>) -> bool {
    let except = tags.get("except").unwrap_or("");
    except.split(';').any(|who| matches!(who.trim(), "motorcar" | "motor_vehicle" | "vehicle"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Vec<Member<'static>> {
        let member = |kind, id, role| Member { kind, id, role };
        vec![member(MemberKind::Way, 1, "from"), member(MemberKind::Node, 9, "via"), member(MemberKind::Way, 2, "to")]
    }

    fn check(tags: &[(&str, &str)], only: Option<bool>, counted: impl Fn(&RestrictionReport) -> usize) {
        let mut report = RestrictionReport::default();
        let found = Restriction::of(&members(), &Tags::new(tags), &mut report);
        assert_eq!(found, only.map(|only| Restriction { only, from: vec![1], via: 9, to: vec![2] }), "{tags:?}");
        assert_eq!(counted(&report), 1, "{tags:?}: {report:?}");
    }

    #[test]
    fn kinds() {
        let t = ("type", "restriction");
        check(&[t, ("restriction", "no_left_turn")], Some(false), |report| report.found);
        check(&[t, ("restriction", "only_straight_on")], Some(true), |report| report.found);
        check(&[t, ("restriction:motorcar", "no_u_turn")], Some(false), |report| report.found);
        check(&[t, ("restriction", "no_left_turn"), ("except", "psv;bicycle")], Some(false), |report| report.found);
        check(&[t, ("restriction", "no_left_turn"), ("except", "bicycle; motorcar")], None, |r| r.not_for_cars);
        check(&[t, ("restriction:hgv", "no_left_turn")], None, |report| report.not_for_cars);
        check(&[t, ("restriction:conditional", "no_left_turn @ (07:00-09:00)")], None, |report| report.conditional);
        check(&[t, ("restriction", "no_left_turn"), ("hour_on", "07:00")], None, |report| report.conditional);
        check(&[t, ("restriction", "give_way")], None, |report| report.malformed);
        check(&[t], None, |report| report.malformed);
    }

    #[test]
    fn members_that_do_not_make_a_turn() {
        let tags = Tags::new(&[("type", "restriction"), ("restriction", "no_left_turn")]);
        let mut report = RestrictionReport::default();
        let mut by_way = members();
        by_way[1].kind = MemberKind::Way;
        assert_eq!(Restriction::of(&by_way, &tags, &mut report), None);
        for missing in 0..3 {
            let mut members = members();
            members.remove(missing);
            assert_eq!(Restriction::of(&members, &tags, &mut report), None);
        }
        let mut doubled = members();
        doubled.push(doubled[0]);
        assert_eq!(Restriction::of(&doubled, &tags, &mut report), None);
        assert_eq!((report.found, report.via_way, report.malformed), (5, 1, 4));
    }

    #[test]
    fn other_relations_are_none_of_our_business() {
        let mut report = RestrictionReport::default();
        assert_eq!(Restriction::of(&members(), &Tags::new(&[("type", "route")]), &mut report), None);
        assert_eq!(report.found, 0);
    }
}
