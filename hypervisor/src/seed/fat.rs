//! A small FAT volume in memory.

use std::io::{self, Cursor, Read, Write};

use fatfs::{FileSystem, FormatVolumeOptions, FsOptions, format_volume};

/// A CD-ROM's sector. Linux can't mount a FAT volume whose sectors are smaller than the drive's.
const SECTOR: u16 = 2048;
const MIB: usize = 1024 * 1024;
/// For the volume's own tables, and the last cluster of each file that is not full.
const OVERHEAD: usize = 128 * 1024;
const LABEL: &[u8; 11] = b"CIDATA     ";

/// A volume with these files in its root.
pub(super) fn write(files: &[(&str, String)]) -> io::Result<Vec<u8>> {
    let content: usize = files.iter().map(|(_, text)| text.len()).sum();
    let mut image = vec![0; (content + OVERHEAD).next_multiple_of(MIB)];
    let options = FormatVolumeOptions::new()
        .bytes_per_sector(SECTOR)
        .volume_label(*LABEL);
    format_volume(Cursor::new(&mut image), options)?;
    {
        // Without its `chrono` feature fatfs writes fixed times: the same files, the same bytes.
        let volume = FileSystem::new(Cursor::new(&mut image), FsOptions::new())?;
        let root = volume.root_dir();
        for (name, text) in files {
            let mut file = root.create_file(name)?;
            file.truncate()?;
            file.write_all(text.as_bytes())?;
            file.flush()?;
        }
        drop(root);
        volume.unmount()?;
    }
    Ok(image)
}

/// One file of a volume's root.
pub(super) fn read(image: &[u8], name: &str) -> io::Result<Vec<u8>> {
    // fatfs wants to write even where it only reads.
    let mut copy = image.to_vec();
    let volume = FileSystem::new(Cursor::new(&mut copy), FsOptions::new())?;
    let mut bytes = Vec::new();
    volume.root_dir().open_file(name)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}
