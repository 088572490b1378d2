//! Copying an image into the store.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
};

use berth_model::Sha256;
use sha2::Digest;

use super::qcow2::{HEADER_BYTES, header_read};

const CHUNK_BYTES: usize = 1 << 20;

/// What was imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Of the file; also its name in the store.
    pub sha256: Sha256,
    /// Of the file, in bytes.
    pub size_bytes: u64,
    /// Of the disk that a guest sees, in bytes.
    pub virtual_bytes: u64,
}

/// Copies a qcow2 file into the store, under the name of its SHA-256. The copy is there whole or
/// not at all; one that is there already stays. The error is for people.
pub fn import(directory: &Path, file: &Path) -> Result<Imported, String> {
    let failed = |what: &Path, cause: io::Error| format!("{}: {cause}", what.display());
    let mut source = File::open(file).map_err(|cause| failed(file, cause))?;
    fs::create_dir_all(directory).map_err(|cause| failed(directory, cause))?;
    let partial = directory.join(format!(".partial-{}", std::process::id()));
    let copied = copy(&mut source, &partial).map_err(|cause| failed(&partial, cause));
    let imported = copied.and_then(|(head, size_bytes, sha256)| {
        let header = header_read(&head).map_err(|why| format!("{}: {why}", file.display()))?;
        let named = directory.join(sha256.to_string());
        fs::rename(&partial, &named).map_err(|cause| failed(&named, cause))?;
        // The name must survive a power cut as the bytes do.
        File::open(directory)
            .and_then(|folder| folder.sync_all())
            .map_err(|cause| failed(directory, cause))?;
        Ok(Imported {
            sha256,
            size_bytes,
            virtual_bytes: header.virtual_bytes,
        })
    });
    if imported.is_err() {
        // It may not be there; either way nothing more can be done about it.
        let _ = fs::remove_file(&partial);
    }
    imported
}

/// Copies and hashes in one pass: what was hashed is what was written. The first bytes, the number
/// of bytes and their hash.
fn copy(source: &mut File, target: &Path) -> io::Result<(Vec<u8>, u64, Sha256)> {
    let mut target = File::create(target)?;
    let mut hasher = sha2::Sha256::new();
    let mut head = Vec::with_capacity(HEADER_BYTES);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut size = 0;
    loop {
        let read = source.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        let bytes = &chunk[..read];
        let wanted = HEADER_BYTES.saturating_sub(head.len()).min(read);
        head.extend_from_slice(&bytes[..wanted]);
        hasher.update(bytes);
        target.write_all(bytes)?;
        size += read as u64;
    }
    target.sync_all()?;
    Ok((head, size, Sha256(hasher.finalize().into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::qcow2::tests::header;

    #[test]
    fn an_image_is_copied_once_under_its_hash() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("image.qcow2");
        let bytes = [header(3, 1 << 30), vec![7; 3 * CHUNK_BYTES]].concat();
        fs::write(&file, &bytes).unwrap();
        let store = folder.path().join("store");
        let first = import(&store, &file).unwrap();
        assert_eq!(first.size_bytes, bytes.len() as u64);
        assert_eq!(first.virtual_bytes, 1 << 30);
        assert_eq!(first.sha256, Sha256(sha2::Sha256::digest(&bytes).into()));
        assert_eq!(import(&store, &file).unwrap(), first);
        let names: Vec<_> = fs::read_dir(&store)
            .unwrap()
            .map(|f| f.unwrap().file_name())
            .collect();
        assert_eq!(names, [first.sha256.to_string().as_str()]);
        assert_eq!(
            fs::read(store.join(first.sha256.to_string())).unwrap(),
            bytes
        );
    }

    #[test]
    fn what_is_no_image_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("text");
        fs::write(&file, "hello").unwrap();
        let store = folder.path().join("store");
        assert!(import(&store, &file).unwrap_err().contains("not a qcow2"));
        assert_eq!(fs::read_dir(&store).unwrap().count(), 0);
        assert!(
            import(&store, &folder.path().join("none"))
                .unwrap_err()
                .contains("none")
        );
    }
}
