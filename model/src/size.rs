//! Sizes in bytes, as people read them.

/// `1610612736` as `1.5 GiB`: one decimal, binary units, for messages.
#[must_use]
pub fn bytes_text(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes.abs() < 1024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mut value = bytes as f64;
    let mut unit = "";
    for next in UNITS {
        if value.abs() < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    format!("{value:.1} {unit}").replace(".0 ", " ")
}

#[cfg(test)]
mod tests {
    use super::bytes_text;

    #[test]
    fn sizes_read_well() {
        let shown: Vec<_> = [0, 1023, 1024, 1_610_612_736, 1 << 40]
            .into_iter()
            .map(bytes_text)
            .collect();
        assert_eq!(shown, ["0 B", "1023 B", "1 KiB", "1.5 GiB", "1 TiB"]);
    }
}
