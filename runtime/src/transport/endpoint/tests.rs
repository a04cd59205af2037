use super::*;

fn parsed(text: &str) -> Result<String, String> {
    let choice = EndpointChoice { address: Some(text.to_owned()), ..EndpointChoice::default() };
    choice.endpoint(&SERVICE).map(|endpoint| format!("{endpoint:?}")).map_err(|error| error.to_string())
}

#[test]
fn hosts_and_urls_are_understood() {
    assert_eq!(parsed("dyvmsapi.aliyuncs.com").unwrap(), "https://dyvmsapi.aliyuncs.com/");
    assert_eq!(parsed("gateway.internal:8443").unwrap(), "https://gateway.internal:8443/");
    assert_eq!(parsed(" http://127.0.0.1:8080/ ").unwrap(), "http://127.0.0.1:8080/");
    assert_eq!(parsed("http://[::1]:8080").unwrap(), "http://[::1]:8080/");
    assert_eq!(parsed("http://localhost").unwrap(), "http://localhost/");
}

#[test]
fn an_invalid_endpoint_is_refused_with_the_reason() {
    assert_eq!(
        parsed("http://example.com").unwrap_err(),
        "the endpoint \"http://example.com\" is plain HTTP, which would send all that requests say in the clear; \
         use https; a program that wants it can allow plain HTTP with allow_plain_http()"
    );
    assert!(Endpoint::parse("http://example.com", PlainHttp::Allowed).is_ok());
    assert!(parsed("https://example.com/path").unwrap_err().contains("has a path"));
    let secret = parsed("https://user:secret@example.com/?token=secret").unwrap_err();
    assert_eq!(
        secret,
        "the endpoint \"https://***@example.com\" has a path or a query; give scheme, host and port only"
    );
    assert!(parsed("https://user@example.com").unwrap_err().contains("has a user name"));
    assert!(parsed("ftp://example.com").unwrap_err().contains("scheme other than"));
    assert_eq!(parsed("").unwrap_err(), "the endpoint is not a host, host:port or URL: it is empty");
    assert!(parsed("a b").unwrap_err().contains("it has a space"));
    let secret = parsed("https://user:hunter2?x@127.0.0.1:9").unwrap_err();
    assert!(secret.contains("it has an @ after the host") && !secret.contains("hunter2"), "{secret}");
}

#[test]
fn the_host_header_names_the_port_unless_it_is_that_of_the_scheme() {
    let host = |text| Endpoint::parse(text, PlainHttp::Allowed).unwrap().host().to_str().unwrap().to_owned();
    assert_eq!(host("example.com"), "example.com");
    assert_eq!(host("https://example.com:443"), "example.com");
    assert_eq!(host("http://example.com:443"), "example.com:443");
    assert_eq!(host("http://[::1]:80"), "[::1]");
    assert_eq!(host("[::1]:8080"), "[::1]:8080");
}

const SERVICE: ServiceFacts = ServiceFacts::new(
    "Voice",
    "2017-05-25",
    "voice.example.com",
    crate::generated::operation::EnvelopeFacts::new("Code", "Message", "RequestId", &["OK"], ""),
    &[],
);

fn host(service: &ServiceFacts, region: Option<&str>, vpc: bool) -> Result<String, String> {
    let choice = EndpointChoice { region: region.map(str::to_owned), vpc, ..EndpointChoice::default() };
    choice.endpoint(service).map(|endpoint| format!("{endpoint:?}")).map_err(|error| error.to_string())
}

#[test]
fn a_region_has_its_own_host_or_the_central_one_if_that_serves_all() {
    let service = SERVICE.serves_all().regions(&[("cn-shanghai", "voice.cn-shanghai.example.com")]);
    assert_eq!(host(&service, None, false).unwrap(), "https://voice.example.com/");
    assert_eq!(host(&service, Some("cn-shanghai"), false).unwrap(), "https://voice.cn-shanghai.example.com/");
    assert_eq!(host(&service, Some("cn-hangzhou"), false).unwrap(), "https://voice.example.com/");
    assert_eq!(
        host(&service, Some("CN Shanghai"), false).unwrap_err(),
        "\"CN Shanghai\" is not a region id, such as \"cn-shanghai\""
    );
}

#[test]
fn an_unknown_region_is_an_error_that_lists_the_known_ones() {
    let hosts = &[("cn-shanghai", "voice.cn-shanghai.example.com"), ("cn-beijing", "voice.example.com")];
    let service = SERVICE.regions(hosts);
    assert_eq!(host(&service, None, false).unwrap(), "https://voice.example.com/");
    assert_eq!(host(&service, Some("cn-beijing"), false).unwrap(), "https://voice.example.com/");
    assert_eq!(
        host(&service, Some("cn-hangzhou"), false).unwrap_err(),
        "Voice has no endpoint in cn-hangzhou; regions that have one: cn-shanghai, cn-beijing; for another leave the \
         region out, or give the endpoint itself"
    );
    let without_default = ServiceFacts { endpoint: "", ..SERVICE.regions(hosts) };
    assert_eq!(host(&without_default, Some("cn-beijing"), false).unwrap(), "https://voice.example.com/");
    assert_eq!(
        host(&without_default, None, false).unwrap_err(),
        "the endpoint of Voice depends on the region, and none is given; regions that have one: cn-shanghai, \
         cn-beijing; for another give the endpoint itself"
    );
    assert_eq!(
        host(&SERVICE, Some("cn-hangzhou"), false).unwrap_err(),
        "Voice has no endpoint in cn-hangzhou; leave the region out, or give the endpoint itself"
    );
}

#[test]
fn a_vpc_has_a_host_in_some_regions() {
    let service = SERVICE.vpc(&[("cn-shanghai", "voice.vpc.example.com"), ("cn-beijing", "bj.example.com")]);
    assert_eq!(host(&service, Some("cn-shanghai"), true).unwrap(), "https://voice.vpc.example.com/");
    assert_eq!(
        host(&service, Some("cn-hangzhou"), true).unwrap_err(),
        "Voice has no VPC endpoint in cn-hangzhou; regions that have one: cn-shanghai, cn-beijing; for another give \
         the endpoint itself"
    );
    assert_eq!(
        host(&service, None, true).unwrap_err(),
        "the VPC endpoint of Voice depends on the region, and none is given; regions that have one: cn-shanghai, \
         cn-beijing; for another give the endpoint itself"
    );
    assert_eq!(
        host(&SERVICE, Some("cn-hangzhou"), true).unwrap_err(),
        "Voice has no VPC endpoint in cn-hangzhou; no region has one; leave it out, or give the endpoint itself"
    );
}

#[test]
fn an_endpoint_that_is_given_wins() {
    let choice =
        EndpointChoice { address: Some("gateway.internal".to_owned()), vpc: true, ..EndpointChoice::default() };
    assert_eq!(format!("{:?}", choice.endpoint(&SERVICE).unwrap()), "https://gateway.internal/");
}

#[test]
fn a_query_follows_the_root_path() {
    let endpoint = Endpoint::parse("example.com:1", PlainHttp::Allowed).unwrap();
    assert_eq!(endpoint.uri(Some(b"A=1")).unwrap().to_string(), "https://example.com:1/?A=1");
    assert_eq!(endpoint.uri(None).unwrap().to_string(), "https://example.com:1/");
}

#[test]
fn an_endpoint_of_another_protocol_has_resources() {
    let endpoint = Endpoint::new("queues.example.com:8443").unwrap();
    assert_eq!(endpoint.host(), "queues.example.com:8443");
    for resource in ["/", "/queues/q/messages", "/queues/q/messages?a=1&b=%20"] {
        assert_eq!(endpoint.url(resource).unwrap().to_string(), format!("https://queues.example.com:8443{resource}"));
    }
    assert!(endpoint.url("/a b").is_err());
    let plain = "http://queues.example.com";
    assert_eq!(Endpoint::allowing_plain_http(plain).unwrap().url("/q").unwrap().to_string(), format!("{plain}/q"));
    assert_eq!(
        Endpoint::new(plain).unwrap_err().to_string(),
        "the endpoint \"http://queues.example.com\" is plain HTTP, which would send all that requests say in the clear; \
         use https; a program that wants it can allow plain HTTP"
    );
}
