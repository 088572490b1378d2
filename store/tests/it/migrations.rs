//! Schema changes go up, down to nothing, and up again.

use berth_store::{
    migrate, migrate_down,
    testing::{APP_PASSWORD, TestDatabase},
};

use crate::world::{connect, lines};

const EVERYTHING: &str = "
    SELECT 'relation ' || relname AS line FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE '\\_\\_diesel%'
    UNION ALL
    SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      AND proname NOT LIKE 'diesel%'
    UNION ALL
    SELECT 'policy ' || polname || ' on ' || polrelid::regclass FROM pg_policy
    ORDER BY 1";

#[tokio::test(flavor = "multi_thread")]
async fn up_down_and_up_again() {
    let database = TestDatabase::empty().await;
    let url = &database.owner_url;
    let first = migrate(url, APP_PASSWORD).await.unwrap();
    assert!(first.applied.len() >= 9, "{:?}", first.applied);
    let after_up = lines(&mut connect(url).await, EVERYTHING).await;
    assert!(migrate(url, APP_PASSWORD).await.unwrap().applied.is_empty());
    migrate_down(url).await.unwrap();
    assert_eq!(
        lines(&mut connect(url).await, EVERYTHING).await,
        Vec::<String>::new()
    );
    assert_eq!(
        migrate(url, APP_PASSWORD).await.unwrap().applied,
        first.applied
    );
    assert_eq!(lines(&mut connect(url).await, EVERYTHING).await, after_up);
}
