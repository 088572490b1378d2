//! The smallest guest: a boot sector in a qcow2 file. It writes a line to the serial port and waits
//! for the power button.

use std::io::Write;

use tempfile::NamedTempFile;

/// As the guest sees it.
pub const VIRTUAL_BYTES: u64 = 1 << 20;
/// What it writes; a simulated guest begins the same way.
pub const GREETING: &str = "Linux version";
const TEXT: &[u8] = b"Linux version 0: only a boot sector\r\n\0";

const CLUSTER: usize = 1 << 16;
const CLUSTERS: usize = 6;

/// x86 real mode, loaded at 0x7c00. Port 0x3f8 is the serial port. The board's power management
/// lies at 0x600: status, enable (+2), control (+4); bit 8 is the power button, 0x2000 switches
/// off.
const CODE: &[u8] = &[
    0x31, 0xc0, // xor ax, ax
    0x8e, 0xd8, // mov ds, ax
    0xba, 0x02, 0x06, // mov dx, 0x602
    0xb8, 0x00, 0x01, // mov ax, 0x100
    0xef, // out dx, ax: the power button counts
    0xbe, 0x40, 0x7c, // mov si, text
    0xac, // next: lodsb
    0x84, 0xc0, // test al, al
    0x74, 0x06, // jz wait
    0xba, 0xf8, 0x03, // mov dx, 0x3f8
    0xee, // out dx, al
    0xeb, 0xf5, // jmp next
    0xfb, // wait: sti
    0xf4, // hlt: until the timer ticks
    0xba, 0x00, 0x06, // mov dx, 0x600
    0xed, // in ax, dx
    0xf6, 0xc4, 0x01, // test ah, 1
    0x74, 0xf5, // jz wait
    0xba, 0x04, 0x06, // mov dx, 0x604
    0xb8, 0x00, 0x20, // mov ax, 0x2000
    0xef, // out dx, ax: off
    0xf4, // hlt
    0xeb, 0xfd, // jmp hlt
];
const TEXT_OFFSET: usize = 0x40;

fn boot_sector() -> [u8; 512] {
    let mut sector = [0; 512];
    assert!(CODE.len() <= TEXT_OFFSET);
    sector[..CODE.len()].copy_from_slice(CODE);
    sector[TEXT_OFFSET..TEXT_OFFSET + TEXT.len()].copy_from_slice(TEXT);
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    sector
}

/// The image: header, L1 table, reference counts (table, block), L2 table, one cluster of data
/// (QEMU's docs/interop/qcow2.txt, version 2).
pub fn bytes() -> Vec<u8> {
    const COPIED: u64 = 1 << 63;
    let at = |cluster: usize| (cluster * CLUSTER) as u64;
    let mut header = Vec::from(*b"QFI\xfb");
    header.extend(2_u32.to_be_bytes());
    header.extend([0; 12]); // no backing file
    header.extend(16_u32.to_be_bytes()); // bits of a cluster's size
    header.extend(VIRTUAL_BYTES.to_be_bytes());
    header.extend(0_u32.to_be_bytes()); // not encrypted
    header.extend(1_u32.to_be_bytes()); // entries of the L1 table
    header.extend(at(1).to_be_bytes());
    header.extend(at(2).to_be_bytes());
    header.extend(1_u32.to_be_bytes()); // clusters of the reference table
    header.extend([0; 12]); // no snapshots
    let mut image = vec![0; CLUSTERS * CLUSTER];
    let mut put = |offset: usize, bytes: &[u8]| {
        image[offset..offset + bytes.len()].copy_from_slice(bytes);
    };
    put(0, &header);
    put(CLUSTER, &(at(4) | COPIED).to_be_bytes());
    put(2 * CLUSTER, &at(3).to_be_bytes());
    for cluster in 0..CLUSTERS {
        put(3 * CLUSTER + 2 * cluster, &1_u16.to_be_bytes());
    }
    put(4 * CLUSTER, &(at(5) | COPIED).to_be_bytes());
    put(5 * CLUSTER, &boot_sector());
    image
}

/// The image as a file.
pub fn file() -> NamedTempFile {
    file_of(&bytes())
}

/// A file with these bytes.
pub fn file_of(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}
