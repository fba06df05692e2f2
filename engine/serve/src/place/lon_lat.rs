use std::fmt;

use etaflow_road::Coord;
use serde::{Serialize, Serializer};

use super::error::PlaceError;

/// A place as `[longitude, latitude]` in degrees, to seven decimals: as GeoJSON has it.
///
/// ```
/// # use etaflow_serve::{LonLat, parse_place};
/// let porto = LonLat(parse_place("-8.61, 41.15")?);
/// assert_eq!(serde_json::to_string(&porto)?, "[-8.61,41.15]");
/// assert_eq!(porto.to_string(), "-8.61,41.15");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LonLat(pub Coord);

impl Serialize for LonLat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.0.lon(), self.0.lat()).serialize(serializer)
    }
}

impl fmt::Display for LonLat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.0.lon(), self.0.lat())
    }
}

/// Reads `lon,lat`: longitude and latitude in degrees.
///
/// # Errors
/// If it is not two numbers with a comma between them, or one is out of range; the error names the field, the value and
/// the bound.
///
/// ```
/// # use etaflow_serve::parse_place;
/// assert_eq!(parse_place("-8.61,41.15")?.lon(), -8.61);
/// let swapped = parse_place("41.15,-98.6").expect_err("the latitude ends at 90").to_string();
/// assert_eq!(swapped, "lat -98.6 is not within -90..=90 degrees");
/// # Ok::<(), etaflow_serve::PlaceError>(())
/// ```
pub fn parse_place(text: &str) -> Result<Coord, PlaceError> {
    match text.split_once(',') {
        Some((lon, lat)) if !lat.contains(',') => coord(("lon", lon), ("lat", lat)),
        _ => Err(PlaceError::Shape { value: shown(text) }),
    }
}

/// A place from the texts of its longitude and latitude, each with what its field is called.
pub(super) fn coord(lon: (&'static str, &str), lat: (&'static str, &str)) -> Result<Coord, PlaceError> {
    let (lon, lat) = (degrees(lon.0, lon.1, 180.0)?, degrees(lat.0, lat.1, 90.0)?);
    Ok(Coord::from_degrees(lat, lon).expect("both are within the same bounds"))
}

fn degrees(field: &'static str, text: &str, bound: f64) -> Result<f64, PlaceError> {
    let text = text.trim();
    let Ok(value) = text.parse::<f64>() else {
        return Err(PlaceError::Number { field, value: shown(text), bound });
    };
    if (-bound..=bound).contains(&value) { Ok(value) } else { Err(PlaceError::Range { field, value, bound }) }
}

/// As much of a value as a message needs.
pub(crate) fn shown(text: &str) -> String {
    const SHOWN_MAX: usize = 60;
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_place_is_named_with_its_bound() {
        let check = |text: &str, says: &str| {
            let error = parse_place(text).expect_err(text).to_string();
            assert!(error.starts_with(says), "{text}: {error}");
        };
        check("", "\"\" is no place");
        check("8.61", "\"8.61\" is no place");
        check("1,2,3", "\"1,2,3\" is no place");
        check("x,41", "lon \"x\" is no number; it must be degrees within -180..=180");
        check("8,", "lat \"\" is no number; it must be degrees within -90..=90");
        check("200,41", "lon 200 is not within -180..=180 degrees");
        check("8,NaN", "lat NaN is not within -90..=90 degrees");
        check("inf,0", "lon inf is not within -180..=180 degrees");
        check("8,90.00001", "lat 90.00001 is not within -90..=90 degrees");
        check(&format!("{},1", "9".repeat(5_000)), "lon inf");
        assert!(parse_place(&"x".repeat(5_000)).expect_err("is long").to_string().len() < 250);
    }

    proptest! {
        #[test]
        fn a_place_that_is_written_is_read(
            lon_e7 in -1_800_000_000..=1_800_000_000, lat_e7 in -900_000_000..=900_000_000,
        ) {
            let coord = Coord::from_e7(lat_e7, lon_e7).expect("in range");
            prop_assert_eq!(parse_place(&LonLat(coord).to_string()), Ok(coord));
            let json: (f64, f64) = serde_json::from_str(&serde_json::to_string(&LonLat(coord)).expect("writes")).expect("reads");
            prop_assert_eq!(json, (coord.lon(), coord.lat()));
        }

        #[test]
        fn garbage_never_panics(text in any::<String>()) {
            let _ = parse_place(&text);
        }
    }
}
