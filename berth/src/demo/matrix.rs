//! Synapse as a Matrix client sees it (the client-server API of Matrix 1.x): the administrator
//! makes a registration token, a user registers with it, logs in, makes a room, says something and
//! reads it back.

use berth_model::Ids;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{order::Handover, web::Target};
use crate::failure::{Exit, Failure};

/// Stages of a registration are few; more than these is a loop.
const STAGES_MAX: usize = 4;

/// Does all of it; the room's id and what was read back, for the table.
pub(super) async fn try_out(
    target: &Target,
    handover: &Handover,
    domain_name: &str,
    ids: &Ids,
) -> Result<String, Failure> {
    let number: String = ids.uuid().simple().to_string().chars().skip(20).collect();
    let (username, password) = (format!("user-{number}"), ids.uuid().to_string());
    let matrix = Matrix { target };
    let admin = matrix.login(&handover.username, &handover.password).await?;
    let token = matrix.registration_token(&admin).await?;
    matrix.register(&username, &password, &token).await?;
    let user = matrix.login(&username, &password).await?;
    let body = json!({"name": "Berth", "preset": "private_chat"});
    let room = matrix
        .call(
            Method::POST,
            "/_matrix/client/v3/createRoom",
            Some(&user),
            &body,
        )
        .await?;
    let room = text(&room, "room_id")?;
    let said = format!("Hello from {username}");
    matrix.say(&user, &room, &said, &number).await?;
    let read = matrix.read(&user, &room, &said).await?;
    Ok(format!(
        "{room}\n@{username}:{domain_name} wrote and read back: {read}"
    ))
}

struct Matrix<'a> {
    target: &'a Target,
}

impl Matrix<'_> {
    /// `m.login.password`; an access token.
    async fn login(&self, username: &str, password: &str) -> Result<String, Failure> {
        let body = json!({
            "type": "m.login.password", "password": password,
            "identifier": {"type": "m.id.user", "user": username},
        });
        let answer = self
            .call(Method::POST, "/_matrix/client/v3/login", None, &body)
            .await?;
        text(&answer, "access_token")
    }

    /// Synapse's admin API: a token that lets one user register.
    async fn registration_token(&self, admin: &str) -> Result<String, Failure> {
        let path = "/_synapse/admin/v1/registration_tokens/new";
        let answer = self
            .call(Method::POST, path, Some(admin), &json!({"uses_allowed": 1}))
            .await?;
        text(&answer, "token")
    }

    /// User-interactive authentication: stage by stage until the account is there.
    async fn register(&self, username: &str, password: &str, token: &str) -> Result<(), Failure> {
        let path = "/_matrix/client/v3/register";
        let mut body = json!({"username": username, "password": password, "inhibit_login": true});
        for _ in 0..STAGES_MAX {
            let (status, answer) = self
                .target
                .ask(Method::POST, path, None, Some(&body))
                .await?;
            if status == StatusCode::OK {
                return Ok(());
            }
            let parsed: Value = serde_json::from_str(&answer).unwrap_or_default();
            let stage = next_stage(&parsed)
                .filter(|_| status == StatusCode::UNAUTHORIZED)
                .ok_or_else(|| refused(path, status, &answer))?;
            body["auth"] = json!({"type": stage, "session": parsed["session"], "token": token});
        }
        Err(Failure::new(
            Exit::Application,
            "the registration asks for ever more stages",
        ))
    }

    async fn say(&self, user: &str, room: &str, said: &str, number: &str) -> Result<(), Failure> {
        let path = format!("{}/send/m.room.message/{number}", room_path(room));
        let body = json!({"msgtype": "m.text", "body": said});
        self.call(Method::PUT, &path, Some(user), &body)
            .await
            .map(drop)
    }

    /// The text that was said, as the server gives it back.
    async fn read(&self, user: &str, room: &str, said: &str) -> Result<String, Failure> {
        let path = format!("{}/messages?dir=b&limit=10", room_path(room));
        let (status, answer) = self
            .target
            .ask(Method::GET, &path, Some(user), None)
            .await?;
        let parsed: Value = serde_json::from_str(&answer).unwrap_or_default();
        let read = parsed["chunk"]
            .as_array()
            .into_iter()
            .flatten()
            .find_map(|event| {
                event
                    .pointer("/content/body")?
                    .as_str()
                    .filter(|body| *body == said)
            });
        read.map(str::to_owned)
            .ok_or_else(|| refused(&path, status, &answer))
    }

    /// A request whose answer must be 200 and JSON.
    async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> Result<Value, Failure> {
        let (status, answer) = self.target.ask(method, path, token, Some(body)).await?;
        match serde_json::from_str(&answer) {
            Ok(parsed) if status == StatusCode::OK => Ok(parsed),
            _ => Err(refused(path, status, &answer)),
        }
    }
}

/// Room ids have letters that paths don't: `!` and `:`.
fn room_path(room: &str) -> String {
    let encoded: String = room
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    format!("/_matrix/client/v3/rooms/{encoded}")
}

/// The first stage that isn't done, of the flow that takes a registration token.
fn next_stage(answer: &Value) -> Option<&str> {
    let done: Vec<&str> = answer["completed"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let flows = answer["flows"].as_array()?;
    let stages = |flow: &'_ Value| -> bool {
        flow["stages"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|stage| stage == "m.login.registration_token")
    };
    let flow = flows.iter().find(|flow| stages(flow))?;
    flow["stages"]
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .find(|stage| !done.contains(stage))
}

fn text(answer: &Value, name: &str) -> Result<String, Failure> {
    answer[name].as_str().map(str::to_owned).ok_or_else(|| {
        Failure::new(
            Exit::Application,
            format!("Synapse's answer has no {name}: {answer}"),
        )
    })
}

fn refused(path: &str, status: StatusCode, answer: &str) -> Failure {
    let shown: String = answer.chars().take(300).collect();
    Failure::new(
        Exit::Application,
        format!("Synapse answers {status} to {path}: {shown}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_done_in_order_in_the_flow_with_the_token() {
        let mut answer = json!({"session": "s", "flows": [
            {"stages": ["m.login.email.identity"]},
            {"stages": ["m.login.registration_token", "m.login.dummy"]},
        ]});
        assert_eq!(next_stage(&answer), Some("m.login.registration_token"));
        answer["completed"] = json!(["m.login.registration_token"]);
        assert_eq!(next_stage(&answer), Some("m.login.dummy"));
        answer["completed"] = json!(["m.login.registration_token", "m.login.dummy"]);
        assert_eq!(next_stage(&answer), None);
        assert_eq!(next_stage(&json!({"errcode": "M_FORBIDDEN"})), None);
    }

    #[test]
    fn room_ids_fit_into_paths() {
        let path = room_path("!abc:ex.org");
        assert_eq!(path, "/_matrix/client/v3/rooms/%21abc%3Aex.org");
    }
}
