use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A moment as people write it, in UTC; as seconds since 1970 where no date is.
pub(super) fn moment(unix_s: f64) -> String {
    let nanos = ((unix_s * 1e3).round() as i128).checked_mul(1_000_000);
    let date = nanos.and_then(|nanos| OffsetDateTime::from_unix_timestamp_nanos(nanos).ok());
    date.and_then(|date| date.format(&Rfc3339).ok()).unwrap_or_else(|| format!("{unix_s} s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_where_there_is_one() {
        assert_eq!(moment(0.5), "1970-01-01T00:00:00.5Z");
        assert!(moment(1e300).ends_with(" s"));
    }
}
