//! Machines over time, as SVG.

use std::fmt::Write;

use berth_placement::Sample;

const WIDTH: i128 = 960;
const HEIGHT: i128 = 320;
const MARGIN: i128 = 48;

/// Two lines: what was used, and what no policy could have gone below.
pub(super) fn svg(samples: &[Sample]) -> String {
    let first = samples.first().map_or(0, |sample| sample.at);
    let last = samples.last().map_or(0, |sample| sample.at);
    // Both lines have to be within the picture.
    let counts = samples
        .iter()
        .map(|sample| sample.machines.max(sample.bound));
    let most = counts.max().unwrap_or(0);
    let time = |at: i64| i128::from(at) - i128::from(first);
    let x = |at: i64| MARGIN + scaled(time(at), time(last), WIDTH - 2 * MARGIN);
    let y = |count: usize| {
        let (count, most) = (count as i128, most as i128);
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
        if first == last && drawn.is_some() {
            // One moment is a line too.
            let _ = write!(path, "H{}", WIDTH - MARGIN);
        }
        path
    };
    let (used, bound) = (
        path(&|sample| sample.machines),
        path(&|sample| sample.bound),
    );
    let (right, bottom) = (WIDTH - MARGIN, HEIGHT - MARGIN);
    let label = bottom + 20;
    let times = times(first, last, label);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">
<title>Machines in use over time</title>
<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>
<path d="M{MARGIN} {MARGIN}V{bottom}H{right}" fill="none" stroke="#888888"/>
<path d="{bound}" fill="none" stroke="#b0702a"/>
<path d="{used}" fill="none" stroke="#20639b" stroke-width="1.5"/>
<text x="{MARGIN}" y="{MARGIN}" dx="-6" text-anchor="end">{most}</text>
<text x="{MARGIN}" y="{bottom}" dx="-6" text-anchor="end">0</text>
{times}
<text x="{right}" y="20" text-anchor="end"><tspan fill="#20639b">machines in use</tspan> · <tspan fill="#b0702a">sum-of-demand bound</tspan></text>
</svg>
"##
    )
}

/// Where the picture begins, its middle and its end, each once.
fn times(first: i64, last: i64, y: i128) -> String {
    let middle = i64::midpoint(first, last);
    let mut labels = vec![(first, MARGIN, "start")];
    if middle != first && middle != last {
        labels.push((middle, WIDTH / 2, "middle"));
    }
    if last != first {
        labels.push((last, WIDTH - MARGIN, "end"));
    }
    let label = |(at, x, anchor): &(i64, i128, &str)| {
        format!(r#"<text x="{x}" y="{y}" text-anchor="{anchor}">{at}</text>"#)
    };
    labels.iter().map(label).collect::<Vec<_>>().join("\n")
}

/// Times may be nanoseconds, so products are larger than they.
fn scaled(part: i128, whole: i128, length: i128) -> i128 {
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
    #[test]
    fn a_bound_above_all_that_was_used_is_within_the_picture() {
        let sample = Sample {
            at: 0,
            machines: 1,
            bound: 2,
        };
        // All of the height, and half of it; one moment is a line.
        let picture = svg(&[sample]);
        assert!(picture.contains("M48 48H912"), "{picture}");
        assert!(picture.contains("M48 160H912"), "{picture}");
    }

    #[test]
    fn nanoseconds_and_all_of_time_have_a_picture() {
        for (first, last) in [
            (1_700_000_000_000_000_000, 1_700_086_400_000_000_000),
            (i64::MIN, i64::MAX),
        ] {
            let sample = |at| Sample {
                at,
                machines: usize::MAX,
                bound: 1,
            };
            let picture = svg(&[sample(first), sample(last)]);
            assert!(picture.contains("M48 48H912V48"), "{picture}");
            let label = format!(r#"text-anchor="end">{last}<"#);
            assert!(picture.contains(&label), "{picture}");
        }
    }
}
