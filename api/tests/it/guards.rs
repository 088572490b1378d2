//! Why `Node` has `id` alone and nothing is guarded on fields: async-graphql reads a guarded field
//! through an interface without asking the guard. When this test fails, it no longer does.

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Guard, Interface, Object, Result, Schema,
};

struct Nobody;

#[async_graphql::async_trait::async_trait]
impl Guard for Nobody {
    async fn check(&self, _: &Context<'_>) -> Result<()> {
        Err("Forbidden".into())
    }
}

struct Human;

#[Object]
impl Human {
    #[graphql(guard = "Nobody")]
    async fn name(&self) -> &str {
        "secret"
    }
}

#[derive(Interface)]
#[graphql(field(name = "name", ty = "&str"))]
enum Named {
    Human(Human),
}

struct Query;

#[Object]
impl Query {
    async fn named(&self) -> Named {
        Human.into()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guards_do_not_hold_through_an_interface() {
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).finish();
    let through = schema.execute("{ named { name } }").await;
    assert_eq!(through.data.to_string(), "{named: {name: \"secret\"}}");
    let direct = schema.execute("{ named { ... on Human { name } } }").await;
    assert!(direct.is_err());
}
