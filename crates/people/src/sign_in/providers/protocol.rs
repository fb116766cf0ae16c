//! What is said to a provider, and what is believed of what it answers.

use base::{Error, Result, Secret, World};
use chrono::DateTime;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreErrorResponseType, CoreIdTokenClaims,
    CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, DiscoveryError,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardErrorResponse, TokenResponse,
};

use super::failure::Failure;
use super::http::{Http, Unreachable};
use super::record::IdentityProvider;
use super::ticket::Ticket;

/// What is asked for of everybody.
const SCOPES: [&str; 2] = ["email", "profile"];
/// How an ID token may be signed: by a key that only the provider has.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What a provider vouches for.
#[derive(Clone, Debug)]
pub(super) struct Claims {
    /// What it calls them for ever.
    pub subject: String,
    /// Their address.
    pub email: Option<String>,
    /// Whether it has verified that; it may not say.
    pub is_verified: Option<bool>,
    /// What they are called.
    pub name: Option<String>,
}

/// A provider that is asked on behalf of one sign-in.
pub(super) struct Conversation<'w> {
    http: Http<'w>,
    world: &'w World,
    provider: &'w IdentityProvider,
    client: Client,
}

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// What a provider says of itself, and its keys.
pub(super) fn discover(http: &Http<'_>, issuer: &str) -> Result<CoreProviderMetadata, String> {
    let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|_| "it is not an address".to_owned())?;
    CoreProviderMetadata::discover(&issuer, http).map_err(|error| match error {
        DiscoveryError::Request(unreachable) => unreachable.to_string(),
        DiscoveryError::Response(status, ..) if status.as_u16() != 200 => {
            format!("it answers {status} where it should tell of itself")
        }
        DiscoveryError::Validation(_) => "it calls itself by another address: write it exactly as it does".into(),
        _ => "it doesn't answer as an OpenID Connect provider does".into(),
    })
}

impl<'w> Conversation<'w> {
    /// Finds out how the provider is to be asked.
    pub fn begin(
        world: &'w World,
        provider: &'w IdentityProvider,
        secret: Option<&Secret>,
        back: String,
    ) -> Result<Self, Failure> {
        let http = Http::new(world);
        let metadata = discover(&http, &provider.issuer).map_err(Failure::Unreachable)?;
        let back = RedirectUrl::new(back)
            .map_err(|_| Failure::Unreachable("this server's own public address is not one".into()))?;
        let methods = metadata.token_endpoint_auth_methods_supported().cloned().unwrap_or_default();
        let secret = secret.map(|secret| ClientSecret::new(secret.reveal().to_owned()));
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(provider.client_id.clone()), secret)
            .set_redirect_uri(back)
            .set_auth_type(auth_type(&methods));
        Ok(Self { http, world, provider, client })
    }

    /// Where a browser goes that signs in with this ticket.
    pub fn address(&self, ticket: &Ticket) -> String {
        let id = self.provider.id;
        let state = CsrfToken::new(ticket.state(id).reveal().to_owned());
        let nonce = Nonce::new(ticket.nonce(id).reveal().to_owned());
        let scopes = SCOPES.into_iter().chain(self.provider.scopes.iter().map(String::as_str));
        let request = self.client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, || state, || nonce);
        let request = request.add_scopes(scopes.map(|scope| Scope::new(scope.to_owned())));
        request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier(ticket, id))).url().0.into()
    }

    /// What the provider vouches for to whoever brings this code back.
    pub fn claims(&self, ticket: &Ticket, code: &str) -> Result<Claims, Failure> {
        let tokens = self.exchange(ticket, code)?;
        let claims = self.verified(&tokens, ticket)?;
        let mut claims = Claims::of_token(&claims);
        if claims.email.is_none() {
            self.ask_for_more(&tokens, &mut claims)?;
        }
        if claims.are_text() {
            Ok(claims)
        } else {
            Err(Failure::TokenInvalid("it calls somebody what is no text".into()))
        }
    }

    fn exchange(&self, ticket: &Ticket, code: &str) -> Result<CoreTokenResponse, Failure> {
        let request = self.client.exchange_code(AuthorizationCode::new(code.to_owned()));
        let request = request.map_err(|_| Failure::Unreachable("it has no token endpoint".into()))?;
        request.set_pkce_verifier(verifier(ticket, self.provider.id)).request(&self.http).map_err(of_exchange)
    }

    /// The ID token's claims: of this provider, for this client, in time, and for this very ticket.
    fn verified(&self, tokens: &CoreTokenResponse, ticket: &Ticket) -> Result<CoreIdTokenClaims, Failure> {
        let token = tokens.id_token().ok_or_else(|| Failure::TokenInvalid("it sends no ID token".into()))?;
        let now = DateTime::from_timestamp_micros(self.world.now().microseconds()).unwrap_or_default();
        let verifier = self.client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(move || now);
        let nonce = Nonce::new(ticket.nonce(self.provider.id).reveal().to_owned());
        let claims = token.claims(&verifier, &nonce).map_err(|error| Failure::TokenInvalid(of_token(&error).into()))?;
        Ok(claims.clone())
    }

    /// Some providers tell addresses to those alone who ask for them.
    fn ask_for_more(&self, tokens: &CoreTokenResponse, claims: &mut Claims) -> Result<(), Failure> {
        let subject = openidconnect::SubjectIdentifier::new(claims.subject.clone());
        let Ok(request) = self.client.user_info(tokens.access_token().clone(), Some(subject)) else { return Ok(()) };
        let more: Result<CoreUserInfoClaims, _> = request.request(&self.http);
        let more = more.map_err(|_| Failure::Unreachable("it doesn't tell the address of who signs in".into()))?;
        claims.email = more.email().map(|email| email.to_string());
        claims.is_verified = more.email_verified();
        claims.name = claims.name.take().or_else(|| Some(more.name()?.get(None)?.to_string()));
        Ok(())
    }
}

impl Claims {
    /// Whether what somebody is known by is something that people could read: a database keeps nothing else.
    fn are_text(&self) -> bool {
        let known_by = [Some(&self.subject), self.email.as_ref()];
        known_by.into_iter().flatten().all(|text| !text.contains(char::is_control))
    }

    fn of_token(claims: &CoreIdTokenClaims) -> Self {
        Self {
            subject: claims.subject().to_string(),
            email: claims.email().map(|email| email.to_string()),
            is_verified: claims.email_verified(),
            name: claims.name().and_then(|name| name.get(None)).map(|name| name.to_string()),
        }
    }
}

fn verifier(ticket: &Ticket, provider: base::Id<IdentityProvider>) -> PkceCodeVerifier {
    PkceCodeVerifier::new(ticket.verifier(provider).reveal().to_owned())
}

/// How the client proves who it is: as the specification has it where nothing is said, else as the provider can.
fn auth_type(methods: &[CoreClientAuthMethod]) -> AuthType {
    let knows = |method| methods.contains(&method);
    let by_body = knows(CoreClientAuthMethod::ClientSecretPost) && !knows(CoreClientAuthMethod::ClientSecretBasic);
    if by_body { AuthType::RequestBody } else { AuthType::BasicAuth }
}

fn of_exchange(error: RequestTokenError<Unreachable, StandardErrorResponse<CoreErrorResponseType>>) -> Failure {
    match error {
        RequestTokenError::ServerResponse(said) => Failure::CodeRefused(match said.error() {
            CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                "it doesn't know this client ID, or not with this secret".into()
            }
            CoreErrorResponseType::InvalidGrant => {
                "it doesn't take the code: was it used before, or is the redirect address another one?".into()
            }
            _ => "it refuses the code".into(),
        }),
        RequestTokenError::Request(unreachable) => Failure::Unreachable(unreachable.to_string()),
        _ => Failure::Unreachable("its token endpoint doesn't answer as an OpenID Connect provider does".into()),
    }
}

fn of_token(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "its ID token has expired: do the clocks agree?",
        ClaimsVerificationError::InvalidAudience(_) => "its ID token is for another client",
        ClaimsVerificationError::InvalidIssuer(_) => "its ID token is of another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "its ID token belongs to another sign-in",
        ClaimsVerificationError::SignatureVerification(_) => "its ID token is not signed with a key of its own",
        _ => "its ID token is not one that can be taken",
    }
}

/// What is wrong with an issuer, at its field.
pub(super) fn check(world: &World, issuer: &str) -> Result<()> {
    let found = discover(&Http::new(world), issuer);
    found.map(drop).map_err(|why| Error::invalid("issuer", format!("this provider can't be used: {why}")))
}
