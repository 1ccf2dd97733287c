//! The report: one HTML page with everything in it, so that it opens without a network and can be kept with the model.

use std::fmt::Write;

use super::judge::{Evaluation, in_each_view};
use super::view::View;
use super::{ModelFormat, Points, TrainingError, number, read_model};
use crate::evaluator::Evaluator;
use crate::score::Evaluate;
use crate::statistics::{Figures, Happened, Judged, roc};

/// Sides of a drawing, in pixels.
const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 300.0;
const MARGIN: f64 = 40.0;
/// Bars of the score distribution.
const BARS: usize = 20;
/// Points of the ROC curve that are drawn.
const ROC_POINTS: usize = 200;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;color:#1d2733}\
    table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .75rem;text-align:right;border-bottom:1px solid #d5dce4}\
    th:first-child,td:first-child{text-align:left}figure{display:inline-block;margin:1rem 1rem 1rem 0}\
    figcaption{font-weight:600}svg text{font:12px system-ui,sans-serif;fill:#46525f}";

/// Writes the report of a model on points.
///
/// # Errors
/// [`TrainingError::Model`] when the file is no model.
pub fn report(
    points: &Points,
    format: ModelFormat,
    text: &str,
    title: &str,
) -> Result<String, TrainingError> {
    let model = read_model(format, text)?;
    let evaluation = in_each_view(points, &model);
    let scored = scored(points, &model);
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title><style>{STYLE}</style><h1>{0}</h1>\
         <p>{1} decision points. Figures on data that the model was trained on flatter it; its card has those of \
         cross-validation.</p>",
        escaped(title),
        points.len(),
    );
    page.push_str(&tables(&evaluation));
    let whole = evaluation.views.iter().find(|one| one.view == View::Whole);
    if let Some(whole) = whole {
        page.push_str(&reliability(&whole.pooled));
    }
    page.push_str(&roc_curve(&scored));
    page.push_str(&distribution(&scored));
    page.push_str(&importance(points, &model));
    page.push_str("</html>\n");
    Ok(page)
}

fn scored(points: &Points, model: &Evaluator) -> Vec<Judged> {
    let judged = points.all.iter().map(|point| Judged {
        predicted: model.score(&point.features).abandonment,
        happened: point.happened,
    });
    judged.collect()
}

fn tables(evaluation: &Evaluation) -> String {
    let mut out = String::new();
    for view in &evaluation.views {
        let _ = write!(
            out,
            "<h2>{}</h2><table><tr><th>events after the first cart<th>n<th>abandoned<th>AUC<th>log-loss<th>Brier\
             <th>AP abandoned<th>AP ordered<th>ECE",
            view.view
        );
        for (k, figures) in &view.by_k {
            row(&mut out, &k.to_string(), figures);
        }
        row(&mut out, "all", &view.pooled);
        out.push_str("</table>");
    }
    out
}

fn row(out: &mut String, name: &str, figures: &Figures) {
    let share =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
    let _ = write!(
        out,
        "<tr><td>{name}<td>{}<td>{:.1} %<td>{}<td>{:.4}<td>{:.4}<td>{}<td>{}<td>{:.4}",
        figures.n,
        figures.base_rate * 100.0,
        share(figures.auc),
        figures.log_loss,
        figures.brier,
        share(figures.average_precision_abandoned),
        share(figures.average_precision_ordered),
        figures.expected_calibration_error,
    );
}

fn reliability(figures: &Figures) -> String {
    let dots = figures
        .reliability
        .iter()
        .map(|bin| (bin.predicted, bin.observed));
    let mut inside = String::new();
    for (predicted, observed) in dots.clone() {
        let _ = write!(
            inside,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"#0b6bcb\"/>",
            x(predicted),
            y(observed)
        );
    }
    inside.push_str(&line(dots, "#0b6bcb"));
    figure(
        "Reliability: ten bins of equal mass",
        ("predicted", "observed"),
        &inside,
    )
}

fn roc_curve(scored: &[Judged]) -> String {
    let curve = roc(scored.to_vec());
    let step = (curve.len() / ROC_POINTS).max(1);
    let last = curve.last().copied();
    let drawn = curve.into_iter().step_by(step).chain(last);
    figure(
        "ROC",
        ("ordered above the score", "abandoned above the score"),
        &line(drawn, "#0b6bcb"),
    )
}

/// Bars of both outcomes over the score, each outcome summing to 1.
fn distribution(scored: &[Judged]) -> String {
    let mut inside = String::new();
    for (happened, colour, shift) in [
        (Happened::Abandoned, "#c8553d", 0.0),
        (Happened::Ordered, "#2f855a", 0.5),
    ] {
        let of_outcome: Vec<f64> = scored
            .iter()
            .filter(|one| one.happened == happened)
            .map(|one| one.predicted.get())
            .collect();
        let total = number(of_outcome.len()).max(1.0);
        for bar in 0..BARS {
            let (from, until) = (number(bar) / number(BARS), number(bar + 1) / number(BARS));
            let inside_bar = |score: &&f64| **score >= from && (**score < until || until >= 1.0);
            let share = number(of_outcome.iter().filter(inside_bar).count()) / total;
            let width = (x(until) - x(from)) / 2.0;
            let _ = write!(
                inside,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\"/>",
                x(from) + shift * 2.0 * width,
                y(share),
                width,
                y(0.0) - y(share),
            );
        }
    }
    figure(
        "Scores by outcome: red abandoned, green ordered",
        ("score", "share of the outcome"),
        &inside,
    )
}

/// Mean size of what each feature adds, in log-odds, over all points.
fn importance(points: &Points, model: &Evaluator) -> String {
    let mut sums: std::collections::BTreeMap<String, f64> = std::collections::BTreeMap::new();
    for point in &points.all {
        for factor in model.score(&point.features).factors {
            *sums.entry(factor.name.as_str().to_owned()).or_default() +=
                factor.log_odds.get().abs();
        }
    }
    let mut sums: Vec<(String, f64)> = sums.into_iter().collect();
    sums.sort_by(|one, other| other.1.total_cmp(&one.1));
    let largest = sums
        .first()
        .map_or(1.0, |(_, sum)| *sum)
        .max(f64::MIN_POSITIVE);
    let mut out = String::from(
        "<h2>Features</h2><table><tr><th>feature<th>mean size of what it adds, log-odds<th>",
    );
    for (name, sum) in &sums {
        let _ = write!(
            out,
            "<tr><td>{}<td>{:.4}<td><svg width=\"200\" height=\"12\"><rect width=\"{:.1}\" height=\"12\" fill=\"#0b6bcb\"/></svg>",
            escaped(name),
            sum / number(points.len()),
            sum / largest * 200.0,
        );
    }
    out.push_str("</table>");
    out
}

fn figure(caption: &str, axes: (&str, &str), inside: &str) -> String {
    let (across, up) = axes;
    format!(
        "<figure><svg width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"{caption}\">\
         <rect x=\"{0:.1}\" y=\"{1:.1}\" width=\"{2:.1}\" height=\"{3:.1}\" fill=\"none\" stroke=\"#d5dce4\"/>\
         <line x1=\"{0:.1}\" y1=\"{4:.1}\" x2=\"{5:.1}\" y2=\"{1:.1}\" stroke=\"#d5dce4\"/>{inside}\
         <text x=\"{0:.1}\" y=\"{6:.1}\">{across} →</text><text x=\"{0:.1}\" y=\"{7:.1}\">{up} ↑</text></svg>\
         <figcaption>{caption}</figcaption></figure>",
        x(0.0),
        y(1.0),
        x(1.0) - x(0.0),
        y(0.0) - y(1.0),
        y(0.0),
        x(1.0),
        HEIGHT - 10.0,
        MARGIN / 2.0,
    )
}

fn line(dots: impl Iterator<Item = (f64, f64)>, colour: &str) -> String {
    let mut path = String::new();
    for (across, up) in dots {
        let _ = write!(path, "{:.1},{:.1} ", x(across), y(up));
    }
    format!("<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>")
}

fn x(share: f64) -> f64 {
    MARGIN + share * (WIDTH - 2.0 * MARGIN)
}

fn y(share: f64) -> f64 {
    HEIGHT - MARGIN - share * (HEIGHT - 2.0 * MARGIN)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
