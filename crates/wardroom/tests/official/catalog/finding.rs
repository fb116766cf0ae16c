//! Finding entries: by what they are called, and in pages.

use super::*;
use crate::support::{Server, absent, invalid};

#[tokio::test]
async fn an_entry_is_found_by_its_id_its_external_id_and_its_aliases() {
    let server = Server::start();
    let root = server.root();
    let service = create_type(&root, NewType::new("", "Service")).await.unwrap();
    let other = create_type(&root, NewType::new("", "Other")).await.unwrap();
    let till = new(&service, "Till").set_external_id("a/till").set_aliases(strings(&["cash & carry", "bötchen"]));
    let till = create(&root, till).await.unwrap();
    create(&root, new(&service, "Stock").set_external_id("stock").set_aliases(strings(&["a/till"]))).await.unwrap();
    create(&root, new(&other, "Elsewhere").set_aliases(strings(&["cash & carry"]))).await.unwrap();
    for identifier in [till.id.as_str(), "cash & carry", "bötchen"] {
        assert_eq!(found(&root, &service, identifier).await, ["Till"], "{identifier}");
    }
    assert_eq!(found(&root, &service, "a/till").await, ["Till", "Stock"], "whatever it finds is listed");
    for identifier in ["Till", "A/TILL", "till", NO_ID] {
        assert!(found(&root, &service, identifier).await.is_empty(), "{identifier}");
    }
    let page = list(&root, of(&service).set_identifier("stock")).await.unwrap();
    assert_eq!((page.pagination_meta.total_record_count, page.pagination_meta.after), (Some(1), None));

    let change = Change::new(HashMap::new(), "Till").set_external_id("b/till").set_aliases(strings(&["desk"]));
    update(&root, &till.id, change).await.unwrap();
    assert_eq!(found(&root, &service, "a/till").await, ["Stock"]);
    assert!(found(&root, &service, "bötchen").await.is_empty());
    for identifier in ["b/till", "desk"] {
        assert_eq!(found(&root, &service, identifier).await, ["Till"], "{identifier}");
    }
}

#[tokio::test]
async fn a_name_finds_an_entry_only_where_the_type_says_so() {
    let server = Server::start();
    let root = server.root();
    let needs = vec![attribute("Needs", "Custom[\"Service\"]", false)];
    let service = type_with(&root, "Service", needs).await;
    let till = entry(&root, &service, "Till").await;
    let gone = entry(&root, &service, "Gone").await;
    delete(&root, &gone.id).await.unwrap();
    let shop = create(&root, New::new(values([("needs", one("Till"))]), &service.id, "Shop")).await.unwrap();
    assert!(found(&root, &service, "Till").await.is_empty());
    assert_eq!(found(&root, &service, &till.id).await, ["Till"]);

    let by_name = ChangeType::new("", "Service").set_use_name_as_identifier(true);
    update_type(&root, &service.id, by_name).await.unwrap();
    assert_eq!(found(&root, &service, "Till").await, ["Till"]);
    assert!(found(&root, &service, "Gone").await.is_empty());
    entry(&root, &service, "Stock").await;
    assert_eq!(found(&root, &service, "Stock").await, ["Stock"]);
    update(&root, &till.id, Change::new(HashMap::new(), "Cash desk")).await.unwrap();
    assert!(found(&root, &service, "Till").await.is_empty());
    assert_eq!(found(&root, &service, "Cash desk").await, ["Cash desk"]);
    let bound = show(&root, &shop.id).await.unwrap();
    assert_eq!((literals(&bound, "needs"), labels(&bound, "needs")), (strings(&["Till"]), strings(&["Cash desk"])));

    update_type(&root, &service.id, ChangeType::new("", "Service")).await.unwrap();
    assert!(found(&root, &service, "Cash desk").await.is_empty());
    assert_eq!(found(&root, &service, &till.id).await, ["Cash desk"]);
}

#[tokio::test]
async fn entries_come_oldest_first_in_pages_and_are_counted() {
    let server = Server::start();
    let root = server.root();
    let service = create_type(&root, NewType::new("", "Service")).await.unwrap();
    let mut ids = vec![];
    for (name, rank) in [("Cleo", 1), ("Ada", 3), ("Bob", 2), ("Dora", 0)] {
        ids.push(create(&root, new(&service, name).set_rank(rank)).await.unwrap().id);
    }
    let sized = |size| CatalogV3ListEntriesParams::new(&service.id, size);
    let first = list(&root, sized(2)).await.unwrap();
    let meta = first.pagination_meta;
    assert_eq!(first.catalog_type.id, service.id);
    assert_eq!(first.catalog_entries.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Cleo", "Ada"]);
    assert_eq!((meta.page_size, meta.total_record_count, meta.after.as_ref()), (2, Some(4), Some(&ids[1])));
    let rest = list(&root, sized(2).set_after(&ids[1])).await.unwrap();
    assert_eq!(rest.catalog_entries.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Bob", "Dora"]);
    assert_eq!((rest.pagination_meta.after, rest.pagination_meta.total_record_count), (None, Some(4)));
    assert!(names(&root, sized(2).set_after(&ids[3])).await.is_empty(), "past the end there is nothing");
    delete(&root, &ids[1]).await.unwrap();
    assert_eq!(names(&root, sized(2).set_after(&ids[1])).await, ["Bob", "Dora"], "its place outlives an entry");
    assert_eq!(list(&root, sized(1)).await.unwrap().pagination_meta.total_record_count, Some(3));
    for size in [0, 251] {
        invalid(list(&root, sized(size)).await, "invalid_value", "page_size");
    }
    absent(list(&root, CatalogV3ListEntriesParams::new(NO_ID, 25)).await);
}

#[tokio::test]
async fn entries_of_a_ranked_type_come_by_rank() {
    let server = Server::start();
    let root = server.root();
    let priority = create_type(&root, NewType::new("", "Priority").set_ranked(true)).await.unwrap();
    for (name, rank) in [("Low", 30), ("High", -10), ("Middle", 20), ("Also middle", 20), ("Unranked", 0)] {
        create(&root, new(&priority, name).set_rank(rank)).await.unwrap();
    }
    let expected = ["High", "Unranked", "Middle", "Also middle", "Low"];
    assert_eq!(names(&root, of(&priority)).await, expected);
    for size in 1..=4 {
        let (mut walked, mut next) = (vec![], CatalogV3ListEntriesParams::new(&priority.id, size));
        loop {
            let page = list(&root, next.clone()).await.unwrap();
            walked.extend(page.catalog_entries.into_iter().map(|one| one.name));
            let Some(after) = page.pagination_meta.after else { break };
            next = next.set_after(after);
        }
        assert_eq!(walked, expected, "in pages of {size}");
    }
    let low = list(&root, of(&priority)).await.unwrap().catalog_entries.pop().unwrap();
    update(&root, &low.id, Change::new(HashMap::new(), "Low").set_rank(-20)).await.unwrap();
    assert_eq!(names(&root, of(&priority)).await[0], "Low");
}
