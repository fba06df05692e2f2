use super::super::markup::Markup;

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Words,
    Figures,
}

/// A table with a heading for each column; a row may have fewer cells.
pub(super) fn table(html: &mut Markup, columns: &[(&str, Column)], rows: &[Vec<String>]) {
    html.open("div", &[("class", "scroll")]);
    html.open("table", &[]);
    html.open("thead", &[]);
    html.open("tr", &[]);
    for (name, column) in columns {
        html.element("th", &[("scope", "col"), ("class", class(*column))], name);
    }
    html.close();
    html.close();
    html.open("tbody", &[]);
    for row in rows {
        html.open("tr", &[]);
        for (cell, (_, column)) in row.iter().zip(columns) {
            html.element("td", &[("class", class(*column))], cell);
        }
        html.close();
    }
    html.close();
    html.close();
    html.close();
}

const fn class(column: Column) -> &'static str {
    match column {
        Column::Words => "words",
        Column::Figures => "figures",
    }
}
