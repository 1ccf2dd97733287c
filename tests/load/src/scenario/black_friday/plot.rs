//! The run as a picture: memory, and below it the rate, over the same time. Plain SVG, so that any browser shows it.

use std::fmt::Write as _;

const WIDTH: f64 = 960.0;
const PANEL: f64 = 220.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 36.0;
const GAP: f64 = 44.0;
const BOTTOM: f64 = 40.0;
const STEPS: u32 = 4;
const GRID: &str = "#d5dce4";
const COLOURS: [&str; 2] = ["#0b6bcb", "#b3541e"];

/// One curve with its axis.
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) caption: &'static str,
    /// Minutes since the start, and the value; in order.
    pub(super) points: Vec<(f64, f64)>,
}

/// Draws the panels below each other.
pub(super) fn svg(title: &str, panels: &[Panel; 2]) -> String {
    let height = TOP + 2.0 * PANEL + GAP + BOTTOM;
    let minutes = panels.iter().filter_map(|panel| panel.points.last());
    let longest = minutes.map(|(at, _)| *at).fold(0.0, f64::max);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\
         <style>text{{font:12px system-ui,sans-serif;fill:#46525f}}</style>\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\
         <text x=\"{LEFT}\" y=\"18\" font-weight=\"600\">{}</text>",
        escaped(title)
    );
    let mut top = TOP;
    for (panel, colour) in panels.iter().zip(COLOURS) {
        draw(
            &mut out,
            panel,
            Place {
                top,
                longest,
                colour,
            },
        );
        top += PANEL + GAP;
    }
    for step in 0..=STEPS {
        let share = f64::from(step) / f64::from(STEPS);
        let (x, y) = (across(share), TOP + 2.0 * PANEL + GAP + 16.0);
        let minute = longest * share;
        let _ = write!(
            out,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{minute:.1} min</text>"
        );
    }
    out.push_str("</svg>\n");
    out
}

/// Where a panel lies, and how it is drawn.
#[derive(Clone, Copy)]
struct Place {
    top: f64,
    /// Minutes from the left edge to the right one.
    longest: f64,
    colour: &'static str,
}

fn draw(out: &mut String, panel: &Panel, place: Place) {
    let Place {
        top,
        longest,
        colour,
    } = place;
    let highest = panel.points.iter().map(|(_, value)| *value);
    // From zero, so that what looks flat is flat, and a little above the highest.
    let highest = highest.fold(0.0, f64::max).max(f64::MIN_POSITIVE) * 1.05;
    let up = |share: f64| top + PANEL * (1.0 - share);
    for step in 0..=STEPS {
        let share = f64::from(step) / f64::from(STEPS);
        let (y, value) = (up(share), highest * share);
        let _ = write!(
            out,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\" stroke=\"{GRID}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value:.0}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            y + 4.0,
        );
    }
    let mut line = String::new();
    for (at, value) in &panel.points {
        let x = across(at / longest.max(f64::MIN_POSITIVE));
        let _ = write!(line, "{x:.1},{:.1} ", up(value / highest));
    }
    let _ = write!(
        out,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>\
         <text x=\"{LEFT}\" y=\"{:.1}\">{}</text>",
        line.trim_end(),
        top - 6.0,
        escaped(panel.caption),
    );
}

fn across(share: f64) -> f64 {
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_point_has_its_place() {
        let panel = |points| Panel {
            caption: "MiB & more",
            points,
        };
        let memory = panel(vec![(0.0, 0.0), (5.0, 100.0), (10.0, 50.0)]);

        let picture = svg("a run", &[memory, panel(Vec::new())]);

        // Left edge at the bottom, the middle near the top, the right edge at half of that.
        assert!(
            picture.contains("points=\"80.0,256.0 510.0,46.5 940.0,151.2\""),
            "{picture}"
        );
        assert!(picture.contains("MiB &amp; more"));
        assert!(picture.contains("10.0 min"));
        assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n"));
    }
}
