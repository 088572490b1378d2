//! Keyset pages, in both directions.

use berth_model::{Error, ErrorCode, PageRequest};

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn pages_meet_without_gap_or_overlap() {
    let world = World::new().await;
    let store = world.store();
    for number in 0..7 {
        store
            .site_create(&world.platform, format!("Site {number}"))
            .await
            .unwrap();
    }
    let all = store
        .site_list(&world.shop, PageRequest::first(200))
        .await
        .unwrap();
    assert!(!all.has_more);
    assert!(all.items.is_sorted_by_key(|site| site.id));
    assert_eq!(all.items.len(), 8);
    for backward in [false, true] {
        let mut seen = Vec::new();
        let mut request = PageRequest {
            limit: 3,
            after: None,
            backward,
        };
        loop {
            let page = store.site_list(&world.shop, request).await.unwrap();
            assert!(page.items.is_sorted_by_key(|site| site.id));
            let edge = if backward {
                page.items.first()
            } else {
                page.items.last()
            };
            request.after = edge.map(|site| site.id.0);
            if backward {
                seen.splice(0..0, page.items);
            } else {
                seen.extend(page.items);
            }
            if !page.has_more {
                break;
            }
        }
        assert_eq!(seen, all.items, "backward: {backward}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_wrong_size_is_refused() {
    let world = World::new().await;
    for (limit, backward, field) in [
        (0, false, "first"),
        (201, false, "first"),
        (-1, true, "last"),
    ] {
        let request = PageRequest {
            limit,
            after: None,
            backward,
        };
        let error: Error = world
            .store()
            .plan_list(&world.shop, request)
            .await
            .unwrap_err();
        assert_eq!(
            (error.code(), error.field()),
            (ErrorCode::InvalidInput, Some(field))
        );
    }
}
