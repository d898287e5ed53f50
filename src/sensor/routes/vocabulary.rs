//! Words that may be shown at first sight: what APIs in general are made of.
//!
//! The list is closed, so that it tells nothing of anybody. A word that a customer, a product or a person may have for a
//! name has no place in it.

use super::hash;

/// Places of the table: a power of two, several times the number of words, so that most words are found at once.
const PLACES: usize = 4096;

/// Sorted, in lower case.
#[rustfmt::skip]
static WORDS: [&str; 1063] = [
    ".well-known", "_overflow", "about", "accept", "access", "account", "accounts", "ack", "acl", "action", "actions",
    "activate", "activities", "activity", "actuator", "add", "address", "addresses", "admin", "ads", "agent", "agents",
    "aggregate", "ai", "alarms", "alert", "alerts", "all", "allocate", "analytics", "announcements", "anonymous",
    "api", "apikey", "apikeys", "apis", "app", "apply", "approvals", "approve", "apps", "archive", "archives",
    "article", "articles", "assets", "assign", "assignments", "attach", "attachments", "attributes", "audio", "audit",
    "audits", "auth", "authenticate", "authentication", "authorization", "authorize", "autocomplete", "availability",
    "avatar", "avatars", "backup", "backups", "badge", "badges", "balance", "balances", "ban", "banner", "banners",
    "base64", "basket", "baskets", "batch", "batches", "beta", "bids", "bill", "billing", "bills", "block", "blocks",
    "blog", "blogs", "board", "boards", "booking", "bookings", "bookmarks", "books", "branches", "brands", "broadcast",
    "browse", "bucket", "buckets", "budgets", "build", "builds", "bulk", "bundle", "bundles", "cache", "calendar",
    "calendars", "callback", "callbacks", "campaigns", "cancel", "candidates", "capabilities", "capture", "card",
    "cards", "carriers", "cart", "carts", "catalog", "catalogs", "catalogue", "categories", "category", "certificates",
    "challenge", "changes", "channel", "channels", "charge", "charges", "chart", "charts", "chat", "chats", "check",
    "checkin", "checkout", "checks", "claims", "classes", "clear", "cli", "client", "clients", "clone", "close",
    "cloud", "cluster", "clusters", "code", "codes", "collection", "collections", "command", "commands", "comment",
    "comments", "commit", "commits", "common", "companies", "company", "compare", "complete", "completions",
    "components", "compute", "confirm", "confirmation", "connect", "connection", "connections", "connectors",
    "consents", "console", "contact", "contacts", "container", "containers", "content", "contents", "contract",
    "contracts", "conversations", "copy", "core", "count", "counters", "countries", "coupons", "course", "courses",
    "create", "created", "credentials", "credit", "credits", "cron", "css", "csv", "currencies", "currency", "current",
    "customer", "customers", "d", "daily", "dashboard", "dashboards", "data", "database", "databases", "dataset",
    "datasets", "date", "dates", "deactivate", "debug", "decline", "default", "definitions", "delete", "deliveries",
    "delivery", "deploy", "deployments", "deposits", "descriptions", "design", "detail", "details", "detect",
    "developer", "developers", "device", "devices", "diagnostics", "diff", "directory", "disable", "discounts",
    "discover", "discovery", "discussions", "dispatch", "disputes", "dist", "dns", "docs", "document", "documentation",
    "documents", "domain", "domains", "donations", "download", "downloads", "draft", "drafts", "drivers", "e2e", "ec2",
    "echo", "edges", "edit", "elements", "email", "emails", "embed", "embeddings", "employees", "enable", "endpoint",
    "endpoints", "engine", "enroll", "entities", "entity", "entries", "env", "environment", "environments", "error",
    "errors", "estimate", "evaluate", "event", "events", "exchange", "execute", "executions", "expenses",
    "experiments", "expire", "explore", "export", "exports", "external", "facets", "faq", "favicon", "favorites",
    "feature", "features", "feed", "feedback", "feeds", "fetch", "fields", "file", "files", "fill", "filter",
    "filters", "find", "firmware", "flags", "flow", "flows", "flush", "folder", "folders", "follow", "followers",
    "following", "forecast", "forgot", "form", "forms", "forum", "forums", "friends", "frontend", "fulfillments",
    "functions", "g", "gallery", "games", "gateway", "generate", "genres", "geo", "geocode", "get", "git", "global",
    "goals", "grant", "grants", "graph", "graphiql", "graphql", "graphs", "group", "groups", "grpc", "guest", "guide",
    "guides", "h2", "handlers", "health", "healthcheck", "healthcheckz", "healthz", "heartbeat", "help", "history",
    "holds", "home", "hook", "hooks", "hostname", "hosts", "hotels", "hour", "hourly", "html", "http", "http2",
    "https", "hub", "i", "i18n", "icon", "icons", "id", "identities", "identity", "ids", "image", "images", "img",
    "import", "imports", "inbox", "incidents", "index", "indexes", "indices", "info", "ingest", "init", "input",
    "insert", "insights", "install", "instances", "insurance", "integrations", "internal", "internet", "introspect",
    "inventory", "invitations", "invite", "invites", "invoice", "invoices", "issue", "issues", "item", "items", "job",
    "jobs", "join", "journal", "js", "json", "jwks", "k8s", "kb", "key", "keys", "keywords", "kpi", "kv", "l10n",
    "label", "labels", "lambda", "languages", "latest", "layers", "layout", "leads", "learn", "leave", "ledger",
    "legal", "lessons", "level", "levels", "libraries", "library", "license", "licenses", "like", "likes", "limit",
    "limits", "link", "links", "list", "listing", "listings", "lists", "live", "livez", "load", "loans", "local",
    "locale", "locales", "location", "locations", "lock", "locks", "log", "logging", "login", "logo", "logos",
    "logout", "logs", "lookup", "loyalty", "mail", "mailbox", "main", "maintenance", "manage", "management",
    "manifest", "manifests", "manufacturers", "map", "maps", "markdown", "market", "marketing", "markets", "match",
    "matches", "materials", "md5", "me", "media", "meeting", "meetings", "member", "members", "membership",
    "memberships", "memory", "mentions", "menu", "menus", "merchants", "merge", "message", "messages", "messaging",
    "meta", "metadata", "metric", "metrics", "metrics-text", "migrate", "migrations", "milestones", "mobile", "mode",
    "model", "models", "moderation", "modules", "monitor", "monitoring", "month", "monthly", "movies", "multipart",
    "music", "my", "name", "names", "namespaces", "network", "networks", "new", "news", "newsletter", "next", "node",
    "nodes", "note", "notes", "notices", "notifications", "notify", "oauth", "oauth2", "object", "objects", "offers",
    "office", "oidc", "online", "open", "openapi", "openid-configuration", "operations", "opportunities", "options",
    "order", "orders", "org", "organisation", "organisations", "organization", "organizations", "orgs", "origin",
    "other", "outbox", "output", "overview", "owner", "owners", "p", "p2p", "package", "packages", "page", "pages",
    "parameters", "parent", "partners", "parts", "passenger", "passengers", "password", "passwords", "patch", "pause",
    "pay", "payload", "payment", "payments", "payouts", "payroll", "pdf", "people", "performance", "period", "periods",
    "permission", "permissions", "persons", "phone", "photo", "photos", "ping", "pipeline", "pipelines", "places",
    "plan", "plans", "platform", "player", "players", "playlists", "plugin", "plugins", "podcasts", "points",
    "policies", "policy", "poll", "polls", "pool", "pools", "popular", "portal", "portfolio", "position", "positions",
    "post", "posts", "preferences", "prepare", "presence", "preview", "previews", "price", "prices", "pricing",
    "print", "privacy", "private", "problems", "process", "processes", "product", "production", "products", "profile",
    "profiles", "progress", "project", "projects", "prometheus", "promo", "promotions", "properties", "property",
    "providers", "provision", "proxy", "public", "publish", "publishers", "pull", "purchase", "purchases", "push",
    "put", "q", "queries", "query", "question", "questions", "queue", "queues", "quiz", "quota", "quotas", "quotes",
    "rank", "ranking", "rate", "rates", "ratings", "raw", "read", "readiness", "ready", "readyz", "realms", "receipts",
    "receive", "recent", "recommendations", "reconcile", "record", "recordings", "records", "recover", "redeem",
    "redirect", "refresh", "refund", "refunds", "region", "regions", "register", "registration", "registrations",
    "registry", "reject", "related", "releases", "reload", "remove", "rename", "render", "renew", "reorder", "replay",
    "replicas", "replies", "reply", "report", "reports", "repos", "repositories", "repository", "request", "requests",
    "resend", "reservations", "reset", "resolve", "resource", "resources", "rest", "restart", "restaurants", "restore",
    "results", "resume", "retry", "return", "returns", "reverse", "review", "reviews", "revisions", "revoke",
    "rewards", "robots", "role", "roles", "rollback", "room", "rooms", "root", "rotate", "route", "routes", "rpc",
    "rss", "rule", "rules", "run", "runs", "s", "s3", "sales", "sample", "samples", "save", "scan", "schedule",
    "scheduled", "schedules", "schema", "schemas", "scim", "scope", "scopes", "score", "scores", "scripts", "sdk",
    "search", "seats", "secrets", "section", "sections", "secure", "security", "segments", "sellers", "send", "series",
    "server", "servers", "service", "services", "session", "sessions", "set", "settings", "settlements", "setup",
    "sha256", "share", "shared", "shares", "shipments", "shipping", "shop", "shops", "show", "sidebar", "signals",
    "signin", "signout", "signup", "site", "sitemap", "sitemaps", "sites", "size", "skills", "skip", "slots",
    "snapshot", "snapshots", "social", "source", "sources", "spec", "specs", "sql", "src", "sse", "sso", "staff",
    "stage", "stages", "standings", "start", "state", "statements", "states", "static", "statistics", "stats",
    "status", "steps", "stock", "stop", "storage", "store", "stores", "stories", "stream", "streams", "students",
    "styles", "sub", "submissions", "submit", "subscribe", "subscription", "subscriptions", "suggest", "suggestions",
    "summary", "supplier", "suppliers", "support", "survey", "surveys", "suspend", "swagger", "swagger-ui", "sync",
    "system", "systems", "t", "table", "tables", "tag", "tags", "targets", "task", "tasks", "tax", "taxes", "team",
    "teams", "telemetry", "template", "templates", "tenant", "tenants", "terms", "test", "tests", "text", "theme",
    "themes", "threads", "thumbnail", "thumbnails", "ticket", "tickets", "time", "timeline", "timezones", "title",
    "titles", "today", "todo", "todos", "toggle", "token", "tokenize", "tokens", "tools", "top", "topics", "total",
    "totals", "trace", "traces", "track", "tracking", "tracks", "trades", "traffic", "training", "transaction",
    "transactions", "transcriptions", "transfer", "transfers", "transform", "translate", "translations", "trash",
    "tree", "trending", "trigger", "triggers", "trips", "trucks", "trust", "type", "types", "u", "ui", "unblock",
    "undo", "unfollow", "unit", "units", "unlock", "unread", "unregister", "unsubscribe", "update", "updates",
    "upgrade", "upload", "uploads", "uptime", "url", "urls", "usage", "user", "userinfo", "username", "usernames",
    "users", "utf8", "util", "validate", "validation", "values", "variables", "variants", "vehicles", "vendor",
    "vendors", "verification", "verifications", "verify", "version", "versions", "video", "videos", "view", "views",
    "visits", "volumes", "vote", "votes", "voucher", "vouchers", "wait", "wallet", "wallets", "warehouses", "warnings",
    "watch", "watchlist", "weather", "web", "webhook", "webhooks", "webpack", "website", "websites", "websocket",
    "week", "weekly", "well-known", "widget", "widgets", "wiki", "wishlist", "withdraw", "withdrawals", "words",
    "work", "workers", "workflow", "workflows", "workspace", "workspaces", "write", "ws", "xml", "yaml", "year",
    "yearly", "zones",
];

/// Extensions of file names, sorted: they say what something is, and not whose.
#[rustfmt::skip]
static EXTENSIONS: [&str; 62] = [
    "asp", "aspx", "atom", "avif", "bmp", "css", "csv", "doc", "docx", "eot", "gif", "gz", "htm", "html", "ico", "ics",
    "jpeg", "jpg", "js", "json", "jsp", "m3u8", "m4a", "m4s", "map", "md", "mjs", "mp3", "mp4", "mpd", "ogg", "otf",
    "pdf", "php", "png", "ppt", "pptx", "proto", "rss", "svg", "tar", "tgz", "toml", "tsv", "ttf", "txt", "wasm",
    "wav", "webm", "webmanifest", "webp", "woff", "woff2", "wsdl", "xhtml", "xls", "xlsx", "xml", "xsd", "yaml", "yml",
    "zip",
];

/// Where each word is, found by its hash; nought is an empty place.
static TABLE: [u16; PLACES] = {
    let mut table = [0; PLACES];
    let mut word = 0;
    while word < WORDS.len() {
        let mut place = hash::of(WORDS[word].as_bytes()) as usize % PLACES;
        while table[place] != 0 {
            place = (place + 1) % PLACES;
        }
        word += 1;
        table[place] = word as u16;
    }
    table
};

/// The longest word.
pub const LONGEST: usize = {
    let mut longest = 0;
    let mut word = 0;
    while word < WORDS.len() {
        if WORDS[word].len() > longest {
            longest = WORDS[word].len();
        }
        word += 1;
    }
    longest
};

/// An extension of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension(u8);

impl Extension {
    /// That of a file name, and the name without it. Upper case is lower case.
    pub fn split(name: &[u8]) -> Option<(&[u8], Extension)> {
        let dot = memchr::memrchr(b'.', name).filter(|&dot| dot > 0)?;
        let mut lower = [0; 12];
        let extension = &name[dot + 1..];
        let lower = lower.get_mut(..extension.len())?;
        lower.copy_from_slice(extension);
        lower.make_ascii_lowercase();
        let place = EXTENSIONS.binary_search_by(|known| known.as_bytes().cmp(lower)).ok()?;
        Some((&name[..dot], Extension(place as u8)))
    }

    /// Without the dot.
    pub fn name(self) -> &'static str {
        EXTENSIONS[usize::from(self.0)]
    }

    /// Its number, which is not 255.
    pub fn number(self) -> u8 {
        self.0
    }
}

/// Whether a word is in the list: in lower case, with a capital, or in capitals.
pub fn contains(word: &[u8]) -> bool {
    let [first, rest @ ..] = word else { return false };
    // No word begins with a digit.
    if word.len() > LONGEST || first.is_ascii_digit() {
        return false;
    }
    if !word.iter().any(u8::is_ascii_uppercase) {
        return has(word);
    }
    let same = !rest.iter().any(u8::is_ascii_uppercase) || !rest.iter().any(u8::is_ascii_lowercase);
    let mut lower = [0; LONGEST];
    let lower = &mut lower[..word.len()];
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    same && first.is_ascii_uppercase() && has(lower)
}

fn has(word: &[u8]) -> bool {
    let mut place = hash::of(word) as usize % PLACES;
    while let Some(at) = TABLE[place].checked_sub(1) {
        if WORDS[usize::from(at)].as_bytes() == word {
            return true;
        }
        place = (place + 1) % PLACES;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_name_nothing_twice() {
        assert!(WORDS.is_sorted_by(|a, b| a < b));
        assert!(EXTENSIONS.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn every_word_is_found_and_no_other() {
        assert!(!WORDS.iter().any(|word| word.starts_with(|first: char| first.is_ascii_digit())));
        for word in WORDS {
            assert!(contains(word.as_bytes()), "{word}");
            let lettered = word.starts_with(|first: char| first.is_ascii_alphabetic());
            assert_eq!(contains(word.to_uppercase().as_bytes()), lettered, "{word}");
            assert!(!contains(format!("{word}qx").as_bytes()), "{word}");
        }
        for other in ["", "acme", "uSERS", "uSers", "usErs", "USers", "johnsmith", &"a".repeat(100)] {
            assert!(!contains(other.as_bytes()), "{other}");
        }
        assert!(contains(b"Users"));
    }

    #[test]
    fn every_extension_is_split_off() {
        for extension in EXTENSIONS {
            let name = format!("a.b.{extension}");
            let (stem, found) = Extension::split(name.as_bytes()).expect("it is in the list");
            assert_eq!((stem, found.name()), (&b"a.b"[..], extension));
            assert!(Extension::split(name.to_uppercase().as_bytes()).is_some());
        }
        for other in ["png", ".png", "a.world", "a.", "a", "", "a.webmanifests"] {
            assert!(Extension::split(other.as_bytes()).is_none(), "{other}");
        }
    }
}
