//! GraphiQL asks this server and nobody else.

use crate::support::Api;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_has_a_policy_or_says_how_to_get_it() {
    let api = Api::new().await;
    let get = |path: &str| api.http.get(format!("{}/{path}", api.url)).send();
    let page = get("graphiql").await.unwrap();
    if page.status() == 404 {
        assert!(page.text().await.unwrap().contains("make graphiql"));
        return;
    }
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self';"),
        "{policy}"
    );
    let text = page.text().await.unwrap();
    assert!(!text.contains("//"), "the page names another host: {text}");
    for (path, media) in [("main.js", "text/javascript"), ("main.css", "text/css")] {
        assert!(text.contains(&format!("graphiql/{path}")));
        let file = get(&format!("graphiql/{path}")).await.unwrap();
        assert_eq!(file.status(), 200);
        assert!(
            file.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with(media)
        );
        let tag = file.headers()["etag"].clone();
        let url = format!("{}/graphiql/{path}", api.url);
        let again = api
            .http
            .get(url)
            .header("if-none-match", tag)
            .send()
            .await
            .unwrap();
        assert_eq!(again.status(), 304);
    }
    assert_eq!(get("graphiql/other.js").await.unwrap().status(), 404);
}
