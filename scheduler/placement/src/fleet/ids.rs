//! Small numbers instead of ids: positions in the fleet's arrays, in the order in which things were
//! added. Ties break by them, so who wants ties to break by id adds in the order of ids.

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The position.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The number of a position; a fleet has fewer than 2^32 of anything.
            #[must_use]
            pub fn at(index: usize) -> Self {
                Self(index as u32)
            }
        }
    };
}

number! {
    /// A machine.
    MachineNumber
}
number! {
    /// A virtual machine.
    VmNumber
}
number! {
    /// A group of virtual machines.
    GroupNumber
}
number! {
    /// What a virtual machine needs; equal needs have one number.
    NeedNumber
}
number! {
    /// A site.
    SiteNumber
}
number! {
    /// A rack.
    RackNumber
}
number! {
    /// Whoever the virtual machines belong to.
    TenantNumber
}
number! {
    /// A label or a taint, by its text.
    LabelNumber
}
number! {
    /// An image.
    ImageNumber
}
number! {
    /// Machines that can't be told apart but by what is free: see `Class`.
    ClassNumber
}
