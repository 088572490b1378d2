//! The header of a qcow2 file, as far as an image needs it (QEMU's docs/interop/qcow2.txt).

/// Bytes of a file that are enough for [`header_read`].
pub(super) const HEADER_BYTES: usize = 104;

/// The largest disk that is taken, in bytes: 16 TiB. More is a mistake or an attack.
const VIRTUAL_BYTES_MAX: u64 = 16 << 40;

/// What is read of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Qcow2Header {
    /// 2 or 3.
    pub version: u32,
    /// Of the disk that a guest sees, in bytes.
    pub virtual_bytes: u64,
}

/// Reads a header. The error says why the file can't be an image of Berth's.
pub fn header_read(bytes: &[u8]) -> Result<Qcow2Header, String> {
    if bytes.get(..4) != Some(b"QFI\xfb") {
        return Err(
            "it is not a qcow2 file; convert it with: qemu-img convert -O qcow2".to_owned(),
        );
    }
    let short = || "it ends in its header; it was not copied whole".to_owned();
    let version = u32_at(bytes, 4).ok_or_else(short)?;
    if !(2..=3).contains(&version) {
        return Err(format!("its qcow2 version is {version}; 2 and 3 are known"));
    }
    if u64_at(bytes, 8).ok_or_else(short)? != 0 {
        return Err(
            "it is an overlay on another file; make it whole with: qemu-img convert".to_owned(),
        );
    }
    let virtual_bytes = u64_at(bytes, 24).ok_or_else(short)?;
    if virtual_bytes == 0 || virtual_bytes % 512 != 0 || virtual_bytes > VIRTUAL_BYTES_MAX {
        return Err(format!(
            "its disk would have {virtual_bytes} bytes; it must be a multiple of 512 up to 16 TiB"
        ));
    }
    if u32_at(bytes, 32).ok_or_else(short)? != 0 {
        return Err("it is encrypted; an image must not be".to_owned());
    }
    if version == 3 {
        let features = u64_at(bytes, 72).ok_or_else(short)?;
        for (bit, what) in [
            (
                0,
                "was not closed properly; repair it with: qemu-img check -r all",
            ),
            (1, "is marked as corrupt"),
            (
                2,
                "keeps its data in another file; make it whole with: qemu-img convert",
            ),
        ] {
            if features & (1 << bit) != 0 {
                return Err(format!("it {what}"));
            }
        }
    }
    Ok(Qcow2Header {
        version,
        virtual_bytes,
    })
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_be_bytes(
        bytes.get(offset..offset + 4)?.try_into().ok()?,
    ))
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    Some(u64::from_be_bytes(
        bytes.get(offset..offset + 8)?.try_into().ok()?,
    ))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn header(version: u32, virtual_bytes: u64) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_BYTES];
        bytes[..4].copy_from_slice(b"QFI\xfb");
        bytes[4..8].copy_from_slice(&version.to_be_bytes());
        bytes[24..32].copy_from_slice(&virtual_bytes.to_be_bytes());
        bytes
    }

    #[test]
    fn each_unfit_file_is_told_why() {
        let with = |offset: usize, byte: u8| {
            let mut bytes = header(3, 1 << 30);
            bytes[offset] = byte;
            header_read(&bytes).unwrap_err()
        };
        assert!(header_read(b"MZ").unwrap_err().contains("not a qcow2"));
        assert!(with(7, 9).contains("version is 9"));
        assert!(with(15, 1).contains("overlay"));
        assert!(with(31, 1).contains("multiple of 512"));
        assert!(with(35, 1).contains("encrypted"));
        assert!(with(79, 1).contains("closed properly"));
        assert!(with(79, 2).contains("corrupt"));
        assert!(with(79, 4).contains("another file"));
        assert!(header_read(&header(3, 1 << 30)[..80]).is_ok());
        assert!(
            header_read(&header(3, 1 << 30)[..79])
                .unwrap_err()
                .contains("ends")
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, magic: bool) {
            let bytes = if magic { [b"QFI\xfb".as_slice(), &bytes].concat() } else { bytes };
            if let Ok(header) = header_read(&bytes) {
                prop_assert!(header.virtual_bytes > 0 && header.virtual_bytes <= VIRTUAL_BYTES_MAX);
            }
        }

        #[test]
        fn a_good_header_reads_back(version in 2u32..=3, sectors in 1u64..=(VIRTUAL_BYTES_MAX / 512)) {
            let read = header_read(&header(version, sectors * 512));
            prop_assert_eq!(read, Ok(Qcow2Header { version, virtual_bytes: sectors * 512 }));
        }
    }
}
