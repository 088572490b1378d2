//! libvirt's errors as Berth's: unreachable (outcome unknown) or refused.

use berth_model::{Error, ErrorCode, Message};
use virt::{
    enumutil::Enum,
    error::{Error as VirtError, ErrorDomain, ErrorNumber},
};

/// Why a call failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// libvirt says so.
    Libvirt(VirtError),
    /// We say so.
    Berth(Error),
    /// Nobody waits for the result any more.
    Abandoned,
}

impl Failure {
    /// A refusal of ours.
    pub(super) fn refused(message: impl Into<String>) -> Self {
        let message = Message::verbatim(message.into());
        Self::Berth(Error::new(ErrorCode::MachineRefused, message))
    }

    /// Whether libvirt gave this code.
    pub(super) fn is(&self, number: ErrorNumber) -> bool {
        matches!(self, Self::Libvirt(error) if is(error, number))
    }

    /// Whether another call is just making the volume that this one found. libvirt has no code of
    /// its own for it: the volume is in its list, but its file isn't there yet, or may not be
    /// touched (storage_driver.c).
    pub(super) fn is_volume_in_the_making(&self) -> bool {
        let Self::Libvirt(error) = self else {
            return false;
        };
        is(error, ErrorNumber::NoStorageVolume)
            || error.message().contains("still being allocated")
            || error.message().contains("asynchronous jobs running")
    }

    /// The error for the caller. `alive`: whether the connection is still usable.
    pub(super) fn into_error(self, alive: bool) -> Error {
        match self {
            Self::Berth(error) => error,
            Self::Abandoned => unavailable("the caller has gone"),
            Self::Libvirt(error) if !alive || is_transport(&error) => unavailable(error),
            Self::Libvirt(error) => refused(error),
        }
    }
}

impl From<VirtError> for Failure {
    fn from(error: VirtError) -> Self {
        Self::Libvirt(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Berth(error)
    }
}

/// Whether an error has this code.
pub(super) fn is(error: &VirtError, number: ErrorNumber) -> bool {
    matches!(error.code(), Enum::Known(code) if code == number)
}

/// The machine can't be reached, or did not answer in time.
pub(super) fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(
        ErrorCode::MachineUnavailable,
        "A machine can't be reached now, or did not answer in time.",
    )
    .because(cause)
}

fn refused(error: VirtError) -> Error {
    Error::new(
        ErrorCode::MachineRefused,
        "A machine refused what was asked of it. The provider's log says why.",
    )
    .because(error)
}

/// Errors between us and libvirtd, and those that a second attempt may not see.
fn is_transport(error: &VirtError) -> bool {
    let by_code = matches!(
        error.code(),
        Enum::Known(
            ErrorNumber::NoConnect
                | ErrorNumber::InvalidConn
                | ErrorNumber::Rpc
                | ErrorNumber::AuthFailed
                | ErrorNumber::AuthUnavailable
                | ErrorNumber::OperationTimeout
        )
    );
    let by_origin = matches!(
        error.domain(),
        Enum::Known(ErrorDomain::Rpc | ErrorDomain::Ssh | ErrorDomain::Libssh | ErrorDomain::Event)
    );
    by_code || by_origin
}
