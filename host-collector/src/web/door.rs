//! The table of doors: which addresses can be opened, and what each of them answers.
//!
//! One door answers everything. The others are those that clients of Jaeger and Zipkin know, each with
//! what they expect there; they open only when they are asked for, since who reads about Jaeger often
//! has one running.

/// Requests that belong together. A door answers whole families.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// The page, and what is served here.
    Index,
    /// Whether the collector is well.
    Health,
    /// Counts for Prometheus.
    Metrics,
    /// Spans in OTLP over HTTP.
    OtlpHttp,
    /// Spans in OTLP over gRPC.
    OtlpGrpc,
    /// Spans as Zipkin's clients send them.
    ZipkinSpans,
    /// Jaeger's queries and its pages.
    JaegerHttp,
    /// What a Jaeger asks its store, over gRPC.
    JaegerStorage,
    /// Zipkin's queries and its pages.
    ZipkinHttp,
    /// Sampling strategies over HTTP.
    SamplingHttp,
    /// Sampling strategies over gRPC.
    SamplingGrpc,
    /// Whether the collector is well, as a Jaeger says it.
    JaegerHealth,
    /// What the collector's page and terminal ask.
    Own,
    /// How somebody is let in who comes by a browser.
    Login,
}

impl Family {
    /// What it is, for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Index => "The page",
            Self::Health => "Health",
            Self::Metrics => "Metrics",
            Self::OtlpHttp => "Spans in OTLP over HTTP",
            Self::OtlpGrpc => "Spans in OTLP over gRPC",
            Self::ZipkinSpans => "Spans as Zipkin's clients send them",
            Self::JaegerHttp => "Jaeger's queries",
            Self::JaegerStorage => "What a Jaeger asks its store over gRPC",
            Self::ZipkinHttp => "Zipkin's queries",
            Self::SamplingHttp => "Sampling strategies",
            Self::SamplingGrpc => "Sampling strategies over gRPC",
            Self::JaegerHealth => "Health as a Jaeger says it",
            Self::Own => "The collector's own API",
            Self::Login => "Logging in",
        }
    }
}

impl Family {
    /// Whether it is answered from memory, so that it need not wait for those that read much.
    #[must_use]
    pub fn is_quick(self) -> bool {
        let quick = [
            Self::Index,
            Self::Health,
            Self::Metrics,
            Self::SamplingHttp,
            Self::SamplingGrpc,
            Self::JaegerHealth,
            Self::Login,
        ];
        quick.contains(&self)
    }

    /// Whether it is answered to whoever has no token, too.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Health | Self::JaegerHealth | Self::Login)
    }

    /// Whether it tells of traces and devices, which not everybody on a network is to read.
    #[must_use]
    pub fn is_read(self) -> bool {
        let read =
            [Self::Index, Self::Own, Self::JaegerHttp, Self::JaegerStorage, Self::ZipkinHttp];
        read.contains(&self)
    }
}

/// One address that can be opened.
#[derive(Debug, PartialEq, Eq)]
pub struct Door {
    /// Its name in metrics and logs.
    pub name: &'static str,
    /// The flag that opens it, and what follows `--`.
    pub flag: &'static str,
    /// Its port where nobody says another.
    pub port: u16,
    /// What it answers.
    pub families: &'static [Family],
}

impl Door {
    /// Whether requests of this family are answered here.
    #[must_use]
    pub fn answers(&self, family: Family) -> bool {
        self.families.contains(&family)
    }
}

/// All doors. The first one is open by default.
pub static DOORS: [Door; 9] = [
    Door {
        name: "http",
        flag: "http",
        port: 7727,
        families: &[
            Family::Index,
            Family::Health,
            Family::Metrics,
            Family::OtlpHttp,
            Family::OtlpGrpc,
            Family::ZipkinSpans,
            Family::JaegerHttp,
            Family::JaegerStorage,
            Family::ZipkinHttp,
            Family::SamplingHttp,
            Family::SamplingGrpc,
            Family::Own,
            Family::Login,
        ],
    },
    Door { name: "otlp_grpc", flag: "otlp-grpc", port: 4317, families: &[Family::OtlpGrpc] },
    Door { name: "otlp_http", flag: "otlp-http", port: 4318, families: &[Family::OtlpHttp] },
    Door { name: "jaeger_http", flag: "jaeger-http", port: 16686, families: &[Family::JaegerHttp] },
    Door {
        name: "jaeger_storage",
        flag: "jaeger-storage",
        port: 17271,
        // A Jaeger writes where it reads, unless it is told another place.
        families: &[Family::JaegerStorage, Family::OtlpGrpc],
    },
    Door {
        name: "jaeger_health",
        flag: "jaeger-health",
        port: 13133,
        families: &[Family::JaegerHealth],
    },
    Door {
        name: "sampling_http",
        flag: "sampling-http",
        port: 5778,
        families: &[Family::SamplingHttp],
    },
    Door {
        name: "sampling_grpc",
        flag: "sampling-grpc",
        port: 5779,
        families: &[Family::SamplingGrpc],
    },
    Door {
        name: "zipkin_http",
        flag: "zipkin-http",
        port: 9411,
        families: &[Family::ZipkinSpans, Family::ZipkinHttp],
    },
];
