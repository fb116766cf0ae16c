//! The story of an organisation that delivers coffee: who works there, and what went wrong.

use std::time::Duration;

/// The organisation's short name.
pub const ORGANISATION: &str = "harbour-coffee";
/// The organisation's name.
pub const ORGANISATION_NAME: &str = "Harbour Coffee";
/// Where its people have their addresses.
const DOMAIN: &str = "harbour-coffee.example";
/// How long ago it began.
pub const FOUNDED: Duration = days(60);

/// Everybody, with their team; the first one owns the place.
pub const PEOPLE: [(&str, &str); 10] = [
    ("Amara Okafor", "Platform"),
    ("Jonas Lindqvist", "Platform"),
    ("Mei Tanaka", "Platform"),
    ("Ravi Menon", "Platform"),
    ("Sofia Marques", "Payments"),
    ("Daniel Weiss", "Payments"),
    ("Leila Haddad", "Payments"),
    ("Tomás Herrera", "Storefront"),
    ("Ingrid Solberg", "Storefront"),
    ("Kwame Boateng", "Storefront"),
];

/// Somebody's address.
pub fn email_of(name: &str) -> String {
    format!("{}@{DOMAIN}", name.to_lowercase().replace(' ', "."))
}

/// Where each team is on call: its schedule's time zone, and the country whose holidays stand beside it.
pub const ON_CALL: [(&str, &str, &str); 3] =
    [("Platform", "Europe/London", "GB"), ("Payments", "Europe/Lisbon", "PT"), ("Storefront", "Europe/Oslo", "NO")];

/// Somebody is away: from so many days from now on, for so many days.
pub struct TimeOff {
    pub who: &'static str,
    pub from: u64,
    pub days: u64,
    pub note: &'static str,
}

/// Who is away.
pub const TIME_OFF: &[TimeOff] = &[
    TimeOff { who: "Sofia Marques", from: 5, days: 4, note: "Walking in the mountains" },
    TimeOff { who: "Mei Tanaka", from: 9, days: 10, note: "Home for a while" },
    TimeOff { who: "Kwame Boateng", from: 2, days: 1, note: "Dentist" },
];

/// Somebody takes over from whoever is on call: from so many hours from now on, for so many hours.
pub struct Override {
    pub team: &'static str,
    pub who: &'static str,
    pub from: u64,
    pub hours: u64,
}

/// Who takes over.
pub const OVERRIDES: &[Override] = &[
    Override { team: "Platform", who: "Mei Tanaka", from: 26, hours: 6 },
    Override { team: "Payments", who: "Daniel Weiss", from: 70, hours: 24 },
    Override { team: "Storefront", who: "Ingrid Solberg", from: 120, hours: 12 },
];

/// Who asks for somebody to take a day of their next shift, on the schedule of which team.
pub const COVER: (&str, &str, &str) =
    ("Platform", "Ravi Menon", "I fly back that day, and won't be reachable. Who takes it? I return the favour.");

/// A connection to this very server: its product, its name, and what it is for.
pub const CONNECTIONS: [(&str, &str, &str); 4] = [
    ("hyphen", "Service directory", "Keeps teams, people and services in step with what is deployed."),
    ("ravenna", "Help desk", "Asks who is on call before a ticket wakes somebody."),
    ("nexla", "Reporting", "Moves incidents to where the numbers are made."),
    ("atomicwork", "Service desk", "Declares incidents from tickets, and looks them up."),
];

/// Tickets of the service desk: ID, urgency, title, text.
pub const TICKETS: [(&str, &str, &str, &str); 2] = [
    ("T-2041", "low", "A new keyboard", "The e is stuck. Not urgent, but it is the letter I need most."),
    (
        "T-2042",
        "high",
        "Labels print blank in the roastery",
        "Bags leave without a roast date since the morning shift.",
    ),
];

/// Something that runs.
pub struct Service {
    pub name: &'static str,
    pub about: &'static str,
    pub tier: &'static str,
    pub team: &'static str,
    pub needs: &'static [&'static str],
}

const fn service(
    name: &'static str,
    about: &'static str,
    tier: &'static str,
    team: &'static str,
    needs: &'static [&'static str],
) -> Service {
    Service { name, about, tier, team, needs }
}

/// What the organisation runs.
pub const SERVICES: &[Service] = &[
    service(
        "Checkout",
        "Takes orders, from the basket to the receipt.",
        "1",
        "Payments",
        &["Payment gateway", "Stock"],
    ),
    service("Payment gateway", "Talks to banks.", "1", "Payments", &["Order database"]),
    service("Subscriptions", "Sends coffee every month.", "2", "Payments", &["Payment gateway", "Mail", "Stock"]),
    service("Stock", "Knows how many bags are left.", "1", "Platform", &["Order database"]),
    service("Order database", "Where every order is kept.", "1", "Platform", &[]),
    service("Mail", "Sends receipts and reminders.", "3", "Platform", &[]),
    service("Data warehouse", "Answers questions about last month.", "3", "Platform", &["Order database"]),
    service("Search", "Finds coffee by how it tastes.", "2", "Storefront", &["Stock"]),
    service("Mobile app", "The shop in a pocket.", "2", "Storefront", &["Checkout", "Search", "Subscriptions"]),
    service("Roastery scheduling", "Says what is roasted when.", "2", "Storefront", &["Stock", "Data warehouse"]),
];

/// A custom field.
pub struct Field {
    pub name: &'static str,
    pub description: &'static str,
    pub field_type: &'static str,
    pub options: &'static [&'static str],
}

/// What the organisation wants to know about its incidents.
pub const FIELDS: &[Field] = &[
    Field {
        name: "Affected service",
        description: "What didn't work.",
        field_type: "single_select",
        options: &["Checkout", "Search", "Subscriptions", "Roastery scheduling", "Mobile app", "Data warehouse"],
    },
    Field {
        name: "Regions",
        description: "Where people noticed.",
        field_type: "multi_select",
        options: &["Europe", "North America", "Asia-Pacific"],
    },
    Field { name: "Orders affected", description: "How many, as far as we know.", field_type: "numeric", options: &[] },
    Field { name: "Dashboard", description: "Where to look.", field_type: "link", options: &[] },
    Field { name: "Cause", description: "In one sentence, once we know.", field_type: "text", options: &[] },
];

/// An incident.
pub struct Incident {
    pub name: &'static str,
    pub summary: &'static str,
    pub severity: Option<&'static str>,
    pub status: &'static str,
    pub private: bool,
    pub reporter: &'static str,
    pub lead: &'static str,
    pub fields: &'static [(&'static str, &'static str)],
    pub declared: Duration,
    pub then: &'static [Happening],
}

/// What happened next, so long after the incident was declared.
pub enum Happening {
    Update {
        after: Duration,
        by: &'static str,
        says: &'static str,
        status: Option<&'static str>,
        severity: Option<&'static str>,
    },
    Action {
        after: Duration,
        by: &'static str,
        does: &'static str,
    },
    FollowUp {
        after: Duration,
        by: &'static str,
        team: &'static str,
        does: &'static str,
    },
    Attachment {
        after: Duration,
        by: &'static str,
        title: &'static str,
        url: &'static str,
    },
    Postmortem {
        after: Duration,
        by: &'static str,
        title: &'static str,
        content: &'static str,
    },
}

impl Happening {
    fn after(&self) -> Duration {
        match self {
            Self::Update { after, .. }
            | Self::Action { after, .. }
            | Self::FollowUp { after, .. }
            | Self::Attachment { after, .. }
            | Self::Postmortem { after, .. } => *after,
        }
    }
}

impl Incident {
    /// Its moments: how long ago, and what happened; nothing is its declaration.
    pub fn moments(&'static self) -> impl Iterator<Item = (Duration, (&'static Self, Option<&'static Happening>))> {
        let next = self.then.iter().map(move |next| (self.declared.saturating_sub(next.after()), (self, Some(next))));
        std::iter::once((self.declared, (self, None))).chain(next)
    }
}

const fn days(n: u64) -> Duration {
    Duration::from_secs(n * 24 * 3600)
}

const fn hours(n: u64) -> Duration {
    Duration::from_secs(n * 3600)
}

const fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

const fn says(after: Duration, by: &'static str, says: &'static str) -> Happening {
    Happening::Update { after, by, says, status: None, severity: None }
}

const fn moves(after: Duration, by: &'static str, status: &'static str, says: &'static str) -> Happening {
    Happening::Update { after, by, says, status: Some(status), severity: None }
}

const fn raises(after: Duration, by: &'static str, severity: &'static str, says: &'static str) -> Happening {
    Happening::Update { after, by, says, status: None, severity: Some(severity) }
}

const CARDS: &str = "Card payments fail in Europe";
const POOL: &str = "Checkout slow after the database upgrade";

/// Which incidents have to do with each other.
pub const RELATED: [(&str, &str); 1] = [(CARDS, POOL)];

/// Everything that went wrong.
pub const INCIDENTS: &[Incident] = &[
    Incident {
        name: POOL,
        summary: "Checkout took more than ten seconds for one order in five.",
        severity: Some("Major"),
        status: "Investigating",
        private: false,
        reporter: "Ingrid Solberg",
        lead: "Jonas Lindqvist",
        fields: &[
            ("Affected service", "Checkout"),
            ("Regions", "Europe"),
            ("Orders affected", "412"),
            ("Cause", "The new pool size was read as connections per host, not in total."),
        ],
        declared: days(23),
        then: &[
            says(
                minutes(6),
                "Jonas Lindqvist",
                "Connections to the orders database are used up; looking at what changed.",
            ),
            moves(minutes(18), "Mei Tanaka", "Fixing", "The upgrade reset the pool size. Rolling it back."),
            Happening::Action { after: minutes(20), by: "Mei Tanaka", does: "Roll the pool size back on all hosts" },
            moves(minutes(41), "Mei Tanaka", "Monitoring", "Rolled back; checkout answers in 300 ms again."),
            moves(hours(3), "Jonas Lindqvist", "Documenting", "Quiet for two hours. Over."),
            Happening::FollowUp {
                after: hours(4),
                by: "Ravi Menon",
                team: "Platform",
                does: "Alert when the pool is 80 % used",
            },
            Happening::Postmortem {
                after: days(2),
                by: "Jonas Lindqvist",
                title: "What a pool size means",
                content: "## What happened\n\nThe upgrade changed what `pool_size` counts.\n\n## What we learnt\n\nRead the release notes of things that hold connections.\n",
            },
            moves(days(3), "Jonas Lindqvist", "Closed", "Everything is written down."),
        ],
    },
    Incident {
        name: "Search shows beans that are sold out",
        summary: "The search index stopped following the stock at 02:10.",
        severity: Some("Minor"),
        status: "Investigating",
        private: false,
        reporter: "Kwame Boateng",
        lead: "Kwame Boateng",
        fields: &[("Affected service", "Search"), ("Regions", "North America"), ("Orders affected", "37")],
        declared: days(15),
        then: &[
            moves(minutes(25), "Kwame Boateng", "Fixing", "The indexer waits for a lock that nobody holds any more."),
            moves(minutes(52), "Tomás Herrera", "Monitoring", "Indexer restarted, catching up."),
            moves(hours(5), "Kwame Boateng", "Closed", "Caught up and quiet."),
            Happening::FollowUp {
                after: hours(6),
                by: "Tomás Herrera",
                team: "Storefront",
                does: "Let locks of the indexer expire",
            },
        ],
    },
    Incident {
        name: "Staging certificate ran out",
        summary: "Nobody could deploy for a while; customers noticed nothing.",
        severity: None,
        status: "Triage",
        private: false,
        reporter: "Ravi Menon",
        lead: "Ravi Menon",
        fields: &[],
        declared: days(11),
        then: &[moves(minutes(12), "Amara Okafor", "Declined", "Annoying, but no incident: renewed.")],
    },
    Incident {
        name: "Suspicious sign-ins to the roastery's back office",
        summary: "Somebody tries passwords from a list. No account was taken over so far.",
        severity: Some("Major"),
        status: "Investigating",
        private: true,
        reporter: "Amara Okafor",
        lead: "Amara Okafor",
        fields: &[("Affected service", "Roastery scheduling")],
        declared: days(6),
        then: &[
            says(
                minutes(15),
                "Amara Okafor",
                "Two hundred addresses, all from one hosting company. Blocked at the edge.",
            ),
            moves(hours(2), "Ravi Menon", "Monitoring", "Second factor is now asked of everybody there."),
        ],
    },
    Incident {
        name: "Subscriptions renewed twice",
        summary: "A retry charged 128 customers a second time. They have been refunded.",
        severity: Some("Major"),
        status: "Investigating",
        private: false,
        reporter: "Sofia Marques",
        lead: "Daniel Weiss",
        fields: &[
            ("Affected service", "Subscriptions"),
            ("Regions", "Asia-Pacific"),
            ("Orders affected", "128"),
            ("Cause", "The retry made a new idempotency key each time."),
        ],
        declared: days(3),
        then: &[
            raises(minutes(9), "Daniel Weiss", "Critical", "It is money: raising the severity."),
            Happening::Action { after: minutes(10), by: "Leila Haddad", does: "Pause renewals" },
            Happening::Action { after: minutes(30), by: "Sofia Marques", does: "Refund everybody on the list" },
            moves(minutes(34), "Leila Haddad", "Fixing", "Renewals are paused; nobody else is charged."),
            moves(hours(7), "Sofia Marques", "Monitoring", "All 128 are refunded and have a letter from us."),
            moves(days(1), "Daniel Weiss", "Reviewing", "Fixed and renewed normally overnight. Now to learn from it."),
            Happening::FollowUp {
                after: days(1),
                by: "Leila Haddad",
                team: "Payments",
                does: "One key for one renewal, however often it is tried",
            },
            Happening::FollowUp {
                after: days(1),
                by: "Daniel Weiss",
                team: "Payments",
                does: "Reconcile charges every hour",
            },
        ],
    },
    Incident {
        name: CARDS,
        summary: "One card payment in three is refused. Other ways to pay work.",
        severity: Some("Critical"),
        status: "Investigating",
        private: false,
        reporter: "Leila Haddad",
        lead: "Sofia Marques",
        fields: &[
            ("Affected service", "Checkout"),
            ("Regions", "Europe"),
            ("Orders affected", "1904"),
            ("Dashboard", "https://grafana.harbour-coffee.example/d/payments"),
        ],
        declared: minutes(95),
        then: &[
            says(
                minutes(4),
                "Sofia Marques",
                "The processor's European endpoint times out. Their status page says nothing yet.",
            ),
            Happening::Attachment {
                after: minutes(7),
                by: "Daniel Weiss",
                title: "The processor's status page",
                url: "https://status.cards.example",
            },
            Happening::Action { after: minutes(12), by: "Daniel Weiss", does: "Ring the processor's hotline" },
            Happening::Action { after: minutes(15), by: "Tomás Herrera", does: "Offer other ways to pay first" },
            moves(minutes(38), "Sofia Marques", "Fixing", "Sending European cards through the American endpoint."),
            says(minutes(71), "Sofia Marques", "Half of the traffic is over there; refusals are down to one in ten."),
        ],
    },
    Incident {
        name: "Mobile app shows an empty basket",
        summary: "Some people report it after today's release; looking whether it is one.",
        severity: None,
        status: "Triage",
        private: false,
        reporter: "Ingrid Solberg",
        lead: "Kwame Boateng",
        fields: &[("Affected service", "Mobile app")],
        declared: minutes(18),
        then: &[says(minutes(6), "Kwame Boateng", "I see it on an old phone. Asking for the app's logs.")],
    },
    Incident {
        name: "Nightly import into the warehouse waits for the vendor",
        summary: "Yesterday's numbers are missing until the vendor delivers.",
        severity: Some("Minor"),
        status: "Investigating",
        private: false,
        reporter: "Mei Tanaka",
        lead: "Ravi Menon",
        fields: &[("Affected service", "Data warehouse")],
        declared: hours(20),
        then: &[moves(hours(2), "Ravi Menon", "Paused", "Nothing we can do before they deliver tomorrow morning.")],
    },
];
