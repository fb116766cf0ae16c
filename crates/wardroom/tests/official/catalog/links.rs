//! What points at what: references, and the attributes that are derived from them.

use super::*;
use crate::support::{Server, word};

/// Teams of a shop, who keeps the services, and what these need: a service points at its keeper and at
/// other services; the rest is derived.
struct Shop {
    root: Key,
    keeper: CatalogTypeV3,
    service: CatalogTypeV3,
}

impl Shop {
    async fn of(server: &Server) -> Self {
        let root = server.root();
        let phone = vec![attribute("Phone", "String", true)];
        let keeper = type_with(&root, "Keeper", phone.clone()).await;
        let path = |ids: &[&str]| ids.iter().map(|id| PathItem::new(*id)).collect();
        let derived = |name, holds, mode| attribute(name, holds, true).set_mode(word(mode));
        let attributes = vec![
            attribute("Keeper", "Custom[\"Keeper\"]", false),
            attribute("Needs", "Custom[\"Service\"]", true),
            derived("Phones", "String", "path").set_path(path(&["keeper", "phone"])),
            derived("Neighbours", "Custom[\"Keeper\"]", "path").set_path(path(&["needs", "keeper"])),
            derived("Needed", "Custom[\"Service\"]", "backlink").set_backlink_attribute("needs"),
            derived("Users", "Custom[\"Keeper\"]", "path").set_path(path(&["needed", "keeper"])),
        ];
        let service = type_with(&root, "Service", attributes).await;
        let kept = derived("Kept", "Custom[\"Service\"]", "backlink").set_backlink_attribute("keeper");
        let keeper = update_schema(&root, &keeper.id, Schema::new([phone, vec![kept]].concat(), 2)).await.unwrap();
        Self { root, keeper, service }
    }

    async fn keeper(&self, name: &str, phones: &[&str]) -> CatalogEntryV3 {
        let new = New::new(values([("phone", several(phones))]), &self.keeper.id, name).set_external_id(name);
        create(&self.root, new).await.unwrap()
    }

    async fn service(&self, name: &str, keeper: &str, needs: &[&str]) -> CatalogEntryV3 {
        let given = values([("keeper", one(keeper)), ("needs", several(needs))]);
        create(&self.root, New::new(given, &self.service.id, name).set_external_id(name)).await.unwrap()
    }
}

/// The IDs of the attributes that an entry shows.
fn keys(entry: &CatalogEntryV3) -> Vec<String> {
    shown(entry).into_iter().map(|(id, _)| id).collect()
}

#[tokio::test]
async fn a_reference_is_kept_as_written_and_labelled_with_what_it_finds() {
    let server = Server::start();
    let shop = Shop::of(&server).await;
    let by_alias = new(&shop.service, "Stock").set_external_id("stock").set_aliases(strings(&["stores", "shelf"]));
    let stock = create(&shop.root, by_alias).await.unwrap();
    let till = shop.service("Till", "", &["stock", &stock.id, "shelf", "Stock", "unheard of"]).await;
    assert_eq!(literals(&till, "needs"), ["stock", &stock.id, "shelf", "Stock", "unheard of"]);
    assert_eq!(labels(&till, "needs"), ["Stock", "Stock", "Stock", "Stock", "unheard of"]);
    let others = Change::new(HashMap::new(), "Stores").set_aliases(strings(&["stores"]));
    update(&shop.root, &stock.id, others).await.unwrap();
    let till = show(&shop.root, &till.id).await.unwrap();
    assert_eq!(labels(&till, "needs"), ["Stores", "Stores", "Stores", "Stock", "unheard of"], "what is found stays");
    delete(&shop.root, &stock.id).await.unwrap();
    let till = show(&shop.root, &till.id).await.unwrap();
    assert_eq!(labels(&till, "needs"), ["Stores", "Stores", "Stores", "Stock", "unheard of"]);
}

#[tokio::test]
async fn a_reference_that_finds_nothing_waits_until_the_entry_comes() {
    let server = Server::start();
    let shop = Shop::of(&server).await;
    let till = shop.service("Till", "ada", &["stock", "scale"]).await;
    assert_eq!((labels(&till, "keeper"), labels(&till, "needs")), (strings(&["ada"]), strings(&["stock", "scale"])));
    assert_eq!(keys(&expanded(&shop.root, &till.id, true).await), ["keeper", "needs"]);
    shop.keeper("Ada", &["123"]).await;
    let ada = found(&shop.root, &shop.keeper, "Ada").await;
    assert_eq!(
        (ada, labels(&show(&shop.root, &till.id).await.unwrap(), "keeper")),
        (strings(&["Ada"]), strings(&["ada"]))
    );
    create(&shop.root, new(&shop.keeper, "Ada Lovelace").set_aliases(strings(&["ada"]))).await.unwrap();
    create(&shop.root, new(&shop.service, "Scale").set_external_id("scale")).await.unwrap();
    let till = show(&shop.root, &till.id).await.unwrap();
    assert_eq!((literals(&till, "keeper"), labels(&till, "keeper")), (strings(&["ada"]), strings(&["Ada Lovelace"])));
    assert_eq!(labels(&till, "needs"), ["stock", "Scale"]);
    let later = entry(&shop.root, &shop.service, "Stock").await;
    update(&shop.root, &later.id, Change::new(HashMap::new(), "Stock").set_external_id("stock")).await.unwrap();
    assert_eq!(labels(&show(&shop.root, &till.id).await.unwrap(), "needs"), ["Stock", "Scale"]);
}

#[tokio::test]
async fn references_may_go_round_in_circles() {
    let server = Server::start();
    let shop = Shop::of(&server).await;
    let egg = shop.service("Egg", "", &["Hen", "Egg"]).await;
    let hen = shop.service("Hen", "", &["Egg"]).await;
    shop.keeper("Ada", &["1"]).await;
    for (id, needs) in [(&egg.id, vec!["Hen", "Egg"]), (&hen.id, vec!["Egg"])] {
        let change = Change::new(values([("keeper", one("Ada")), ("needs", several(&needs))]), "Same");
        update(&shop.root, id, change.set_external_id(if needs.len() == 2 { "Egg" } else { "Hen" })).await.unwrap();
    }
    let egg = expanded(&shop.root, &egg.id, true).await;
    assert_eq!(labels(&egg, "needs"), ["Same", "Same"]);
    assert_eq!(labels(&egg, "neighbours"), ["Ada"]);
    assert_eq!(literals(&egg, "needed"), [egg.id.as_str(), &hen.id]);
}

#[tokio::test]
async fn paths_and_backlinks_are_derived() {
    let server = Server::start();
    let shop = Shop::of(&server).await;
    let ada = shop.keeper("Ada", &["123", "456"]).await;
    let bob = shop.keeper("Bob", &["789"]).await;
    let stock = shop.service("Stock", "Ada", &[]).await;
    let scale = shop.service("Scale", "Bob", &[]).await;
    let till = shop.service("Till", "Bob", &["Stock", "Scale", "Stock"]).await;
    assert_eq!(labels(&till, "phones"), ["789"]);
    assert_eq!(
        (literals(&till, "neighbours"), labels(&till, "neighbours")),
        (vec![ada.id.clone(), bob.id.clone()], strings(&["Ada", "Bob"]))
    );
    assert_eq!(labels(&show(&shop.root, &stock.id).await.unwrap(), "phones"), ["123", "456"]);
    let expanded_stock = expanded(&shop.root, &stock.id, true).await;
    assert_eq!(
        (literals(&expanded_stock, "needed"), labels(&expanded_stock, "needed")),
        (vec![till.id.clone()], strings(&["Till"]))
    );
    assert_eq!(labels(&expanded_stock, "users"), ["Bob"]);
    assert_eq!(labels(&expanded(&shop.root, &bob.id, true).await, "kept"), ["Scale", "Till"]);

    delete(&shop.root, &scale.id).await.unwrap();
    assert_eq!(
        labels(&show(&shop.root, &till.id).await.unwrap(), "neighbours"),
        ["Ada"],
        "what is archived leads nowhere"
    );
    assert_eq!(labels(&expanded(&shop.root, &bob.id, true).await, "kept"), ["Till"]);
    update(&shop.root, &ada.id, Change::new(values([("phone", several(&["0"]))]), "Ada").set_external_id("Ada"))
        .await
        .unwrap();
    assert_eq!(labels(&show(&shop.root, &stock.id).await.unwrap(), "phones"), ["0"]);
}

#[tokio::test]
async fn expand_says_how_much_of_what_is_derived_is_shown() {
    let server = Server::start();
    let shop = Shop::of(&server).await;
    shop.keeper("Ada", &["123"]).await;
    let stock = shop.service("Stock", "Ada", &["Stock"]).await;
    let own = ["keeper", "needs"];
    let forward = ["keeper", "needs", "neighbours", "phones"];
    let everything = ["keeper", "needed", "needs", "neighbours", "phones", "users"];
    assert_eq!(keys(&show(&shop.root, &stock.id).await.unwrap()), forward);
    assert_eq!(keys(&expanded(&shop.root, &stock.id, false).await), own);
    assert_eq!(keys(&expanded(&shop.root, &stock.id, true).await), everything);
    let listed = list(&shop.root, of(&shop.service)).await.unwrap().catalog_entries;
    assert_eq!(keys(&listed[0]), forward);
}

#[tokio::test]
async fn what_is_derived_can_be_sent_back_and_changes_nothing() {
    let server = Server::start();
    let shop = Shop::of(&server).await;
    shop.keeper("Ada", &["123"]).await;
    let stock = shop.service("Stock", "Ada", &["Stock"]).await;
    let before = expanded(&shop.root, &stock.id, true).await;
    let sent_back = shown(&before).into_iter().map(|(id, values)| {
        let literals: Vec<_> = values.iter().map(|(literal, _)| literal.as_str()).collect();
        (id.clone(), if id == "keeper" { one(literals[0]) } else { several(&literals) })
    });
    let change = Change::new(sent_back.collect(), "Stock").set_external_id("Stock");
    update(&shop.root, &stock.id, change).await.unwrap();
    assert_eq!(expanded(&shop.root, &stock.id, true).await, before);
}

#[tokio::test]
async fn a_path_shows_the_attributes_that_it_goes_along() {
    let server = Server::start();
    let shop = Shop::of(&server).await;
    let shown = show_type(&shop.root, &shop.service.id).await.unwrap().schema;
    let attribute = |id: &str| shown.attributes.iter().find(|one| one.id == id).unwrap();
    let steps = |id: &str| {
        let path = attribute(id).path.iter().flatten();
        path.map(|step| (step.attribute_id.as_str(), step.attribute_name.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(steps("phones"), [("keeper", "Keeper"), ("phone", "Phone")]);
    assert_eq!(steps("users"), [("needed", "Needed"), ("keeper", "Keeper")]);
    assert_eq!(attribute("needed").backlink_attribute.as_deref(), Some("needs"));
    assert!(attribute("needs").path.is_none() && attribute("needs").backlink_attribute.is_none());
}

#[tokio::test]
async fn references_to_a_type_that_is_deleted_become_texts() {
    let server = Server::start();
    let shop = Shop::of(&server).await;
    shop.keeper("Ada", &["123"]).await;
    let stock = create(&shop.root, new(&shop.keeper, "Bob").set_external_id("bob")).await.unwrap();
    let till = shop.service("Till", "bob", &[]).await;
    assert_eq!(labels(&till, "keeper"), ["Bob"]);
    delete_type(&shop.root, &shop.keeper.id).await.unwrap();
    let till = expanded(&shop.root, &till.id, true).await;
    assert_eq!((labels(&till, "keeper"), keys(&till)), (strings(&["bob"]), strings(&["keeper", "needs"])));
    let again = create_type(&shop.root, NewType::new("", "Keeper")).await.unwrap();
    let bob = create(&shop.root, new(&again, "Robert").set_external_id("bob")).await.unwrap();
    assert_ne!(bob.id, stock.id);
    assert_eq!(labels(&show(&shop.root, &till.id).await.unwrap(), "keeper"), ["Robert"]);
}
