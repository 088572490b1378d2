//! Machines over time, as SVG.

use std::fmt::Write;

use berth_placement::Sample;

const WIDTH: i64 = 960;
const HEIGHT: i64 = 320;
const MARGIN: i64 = 48;

/// Two lines: what was used, and what no policy could have gone below.
pub(super) fn svg(samples: &[Sample]) -> String {
    let first = samples.first().map_or(0, |sample| sample.at);
    let last = samples.last().map_or(0, |sample| sample.at);
    let most = samples
        .iter()
        .map(|sample| sample.machines)
        .max()
        .unwrap_or(0);
    let x = |at: i64| MARGIN + scaled(at - first, last - first, WIDTH - 2 * MARGIN);
    let y = |count: usize| {
        let (count, most) = (count as i64, most as i64);
        HEIGHT - MARGIN - scaled(count, most, HEIGHT - 2 * MARGIN)
    };
    let path = |value: &dyn Fn(&Sample) -> usize| {
        let mut path = String::new();
        let mut drawn = None;
        for sample in samples {
            // Steps, and no more of them than there are pixels.
            let point = (x(sample.at), y(value(sample)));
            if drawn == Some(point) {
                continue;
            }
            let _ = match drawn {
                None => write!(path, "M{} {}", point.0, point.1),
                Some(_) => write!(path, "H{}V{}", point.0, point.1),
            };
            drawn = Some(point);
        }
        path
    };
    let (used, bound) = (
        path(&|sample| sample.machines),
        path(&|sample| sample.bound),
    );
    let (right, bottom) = (WIDTH - MARGIN, HEIGHT - MARGIN);
    let label = bottom + 20;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">
<title>Machines in use over time</title>
<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>
<path d="M{MARGIN} {MARGIN}V{bottom}H{right}" fill="none" stroke="#888888"/>
<path d="{bound}" fill="none" stroke="#b0702a"/>
<path d="{used}" fill="none" stroke="#20639b" stroke-width="1.5"/>
<text x="{MARGIN}" y="{MARGIN}" dx="-6" text-anchor="end">{most}</text>
<text x="{MARGIN}" y="{bottom}" dx="-6" text-anchor="end">0</text>
<text x="{MARGIN}" y="{label}">{first}</text>
<text x="{right}" y="{label}" text-anchor="end">{last}</text>
<text x="{right}" y="20" text-anchor="end"><tspan fill="#20639b">machines in use</tspan> · <tspan fill="#b0702a">sum-of-demand bound</tspan></text>
</svg>
"##
    )
}

fn scaled(part: i64, whole: i64, length: i64) -> i64 {
    if whole == 0 { 0 } else { part * length / whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_rises_and_falls_with_the_machines() {
        let sample = |at, machines| Sample {
            at,
            machines,
            bound: 1,
        };
        let picture = svg(&[sample(0, 1), sample(5, 4), sample(10, 2)]);
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
        // A quarter, all, and half of the height.
        assert!(picture.contains("M48 216H480V48H912V160"), "{picture}");
    }

    #[test]
    fn nothing_is_a_picture_too() {
        assert!(svg(&[]).contains("</svg>"));
    }
}
