//! From the StartupMessage to ReadyForQuery: the method of `pg_hba.conf`, its exchange, and what is checked behind it.

use super::parameter::Parameters;
use super::session::Session;
use super::{Account, ServerHandshake, State, Verifier};
use crate::handshake::{Context, Direction, Error, EventName, Outcome, Reader, Step};
use crate::postgres::auth::md5::Md5Verifier;
use crate::postgres::auth::scram::{NONCE_OCTETS, ScramServer, ScramVerifier};
use crate::postgres::deviation::Deviation;
use crate::postgres::error_fields::ErrorFields;
use crate::postgres::frame::{self, Inbox};
use crate::postgres::hba::{self, GssOptions, Method, Target};
use crate::postgres::reply::{self, Authentication, Transaction};
use crate::postgres::startup::Replication;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use shakedown_krb5::gss::{Acceptance, Acceptor, Cause, Progress};
use std::borrow::Cow;
use std::sync::Arc;

/// What the next `p` message is.
#[derive(Debug)]
pub(super) enum Exchange {
    /// A cleartext password for the role's verifier.
    Password,
    /// A cleartext password for somebody else to judge.
    Pam,
    /// An MD5 response.
    Md5 { salt: [u8; 4], verifier: Md5Verifier },
    /// SASLInitialResponse.
    SaslChoice(ScramServer),
    /// client-first on its own, because the SASLInitialResponse held none.
    SaslFirst(ScramServer),
    /// client-final.
    SaslLast(ScramServer),
    /// A GSS-API token.
    Gss { acceptor: Arc<Acceptor>, acceptance: Acceptance, options: GssOptions },
}

impl Exchange {
    /// What is expected, as the refusal of another type of message says it, with its place.
    const fn expected(&self) -> (&'static str, &'static str, u32, &'static str) {
        match self {
            Self::Password | Self::Pam | Self::Md5 { .. } => ("password", "auth.c", 718, "recv_password_packet"),
            Self::SaslChoice(_) | Self::SaslFirst(_) | Self::SaslLast(_) => {
                ("SASL", "auth-sasl.c", 95, "CheckSASLAuth")
            }
            Self::Gss { .. } => ("GSS", "auth.c", 975, "pg_GSS_recvauth"),
        }
    }
}

impl ServerHandshake {
    /// `ClientAuthentication`: asks for what the first matching rule says.
    pub(super) fn decide_method(&mut self, cx: &mut Context<'_>) -> Step {
        if self.settings.deviates(Deviation::OkWithoutAsking) {
            return self.accept("trust", cx);
        }
        let settings = self.settings.clone();
        let (user, database) = (self.startup.user.clone(), &self.startup.database);
        let encryption = self.encryption();
        let physical = self.startup.replication == Replication::Physical;
        // Physical replication has texts of its own, which name no database.
        let about = |of_session: &str, of_replication: &str| {
            let host = &self.peer;
            if physical {
                format!("{of_replication} host \"{host}\", user \"{user}\", {encryption}")
            } else {
                format!("{of_session} host \"{host}\", user \"{user}\", database \"{database}\", {encryption}")
            }
        };
        let target = if physical { Target::Replication } else { Target::Database(database) };
        match hba::decide(&settings.rules, encryption, &user, target) {
            None => {
                let fields = ErrorFields::fatal(
                    "28000",
                    about("no pg_hba.conf entry for", "no pg_hba.conf entry for replication connection from"),
                )
                .at("auth.c", if physical { 536 } else { 544 }, "ClientAuthentication");
                self.refuse(&fields, None, cx)
            }
            Some(Method::Reject) => {
                let fields = ErrorFields::fatal(
                    "28000",
                    about("pg_hba.conf rejects connection for", "pg_hba.conf rejects replication connection for"),
                )
                .at("auth.c", if physical { 469 } else { 476 }, "ClientAuthentication");
                self.refuse(&fields, None, cx)
            }
            Some(Method::Trust) => self.accept("trust", cx),
            Some(Method::Password) => self.ask("password", &Authentication::CleartextPassword, Exchange::Password, cx),
            Some(Method::Pam) => self.ask("password", &Authentication::CleartextPassword, Exchange::Pam, cx),
            Some(Method::Md5) => match settings.accounts.get(&user).and_then(|account| account.verifier.as_ref()) {
                Some(Verifier::Md5(verifier)) => {
                    let mut salt = [0; 4];
                    cx.random.fill(&mut salt);
                    let verifier = verifier.clone();
                    self.ask("md5", &Authentication::Md5Password(salt), Exchange::Md5 { salt, verifier }, cx)
                }
                // `CheckPWChallengeAuth`: a role without an MD5 verifier is asked for SCRAM.
                _ => self.ask_for_scram(cx),
            },
            Some(Method::ScramSha256) => self.ask_for_scram(cx),
            Some(Method::Gss(options)) => match (&self.gss, &settings.acceptor) {
                // The context that encrypts has shown who it is.
                (Some(gss), _) => {
                    let principal = gss.client.to_string();
                    self.check_principal(options, &principal, cx)
                }
                (None, Some(acceptor)) => {
                    let exchange = Exchange::Gss {
                        acceptor: acceptor.clone(),
                        acceptance: Acceptance::new(),
                        options: options.clone(),
                    };
                    self.ask("gss", &Authentication::Gss, exchange, cx)
                }
                (None, None) => self.failed("GSSAPI", "28000", "no keytab".into(), cx),
            },
        }
    }

    fn ask(
        &mut self,
        method: &'static str,
        request: &Authentication<'_>,
        exchange: Exchange,
        cx: &mut Context<'_>,
    ) -> Step {
        request.encode(cx.out);
        cx.trace.push_with(cx.now, Direction::ToClient, EventName::AuthRequest, method);
        self.state = State::ExpectAnswer(Box::new(exchange));
        Step::Receive
    }

    fn ask_for_scram(&mut self, cx: &mut Context<'_>) -> Step {
        let end_point = self.tls.as_ref().and_then(|tls| tls.server_end_point.clone());
        let verifier = self.settings.accounts.get(&self.startup.user).and_then(|account| account.verifier.as_ref());
        let scram = match verifier {
            Some(Verifier::Scram(verifier)) => ScramServer::new(verifier.clone(), end_point),
            _ => ScramServer::doomed(ScramVerifier::mock(&self.startup.user, &self.settings.mock_nonce), end_point),
        };
        let strip = self.settings.deviates(Deviation::StripChannelBinding);
        let mechanisms = scram.mechanisms().iter().filter(|mechanism| !(strip && mechanism.ends_with("-PLUS")));
        let request = Authentication::Sasl(mechanisms.map(|mechanism| Cow::Borrowed(*mechanism)).collect());
        self.ask("scram-sha-256", &request, Exchange::SaslChoice(scram), cx)
    }

    /// The next message of an exchange, if it is complete.
    pub(super) fn read_answer(&mut self, inbox: &mut Inbox, cx: &mut Context<'_>) -> Result<Option<Step>, Error> {
        let Some(kind) = inbox.kind() else { return Ok(None) };
        let State::ExpectAnswer(exchange) = &self.state else { return Err(Error::Misuse("nothing was asked for")) };
        if kind != b'p' {
            let (what, file, line, routine) = exchange.expected();
            let fields = ErrorFields::error("08P01", format!("expected {what} response, got message type {kind}"))
                .at(file, line, routine);
            return Ok(Some(self.refuse(&fields, None, cx)));
        }
        let is_sasl = matches!(**exchange, Exchange::SaslChoice(_) | Exchange::SaslFirst(_) | Exchange::SaslLast(_));
        let limit = if is_sasl { frame::SASL_LIMIT } else { frame::AUTHENTICATION_LIMIT };
        let message = match inbox.message(limit) {
            Ok(Some(message)) => message,
            Ok(None) => return Ok(None),
            // `CheckSASLAuth` takes that for a failed authentication, `recv_password_packet` for the end of the stream.
            Err(error) if is_sasl => {
                return Ok(Some(self.failed("password", "28P01", error.to_string().into(), cx)));
            }
            Err(error) => return Err(error),
        };
        let State::ExpectAnswer(exchange) = std::mem::replace(&mut self.state, State::Done) else {
            return Err(Error::Misuse("nothing was asked for"));
        };
        if !matches!(*exchange, Exchange::Gss { .. }) {
            cx.trace.push(cx.now, Direction::FromClient, EventName::AuthData);
        }
        let step = match self.judge(*exchange, message.body, cx) {
            Ok(step) => step,
            Err(fields) => self.refuse(&fields, None, cx),
        };
        Ok(Some(step))
    }

    fn judge(&mut self, exchange: Exchange, body: &[u8], cx: &mut Context<'_>) -> Result<Step, ErrorFields> {
        match exchange {
            Exchange::Password => {
                let password = password(body)?;
                let user = &self.startup.user;
                let right = match self.settings.accounts.get(user).and_then(|account| account.verifier.as_ref()) {
                    Some(Verifier::Scram(verifier)) => verifier.accepts_password(password),
                    Some(Verifier::Md5(verifier)) => verifier.accepts_password(user, password),
                    None => false,
                };
                Ok(if right { self.accept("password", cx) } else { self.wrong_password(cx) })
            }
            Exchange::Pam => {
                let token = password(body)?;
                let verdict = match &self.settings.tokens {
                    Some(tokens) => tokens.check(&self.startup.user, token, cx.now),
                    None => Err("nobody judges tokens".into()),
                };
                Ok(match verdict {
                    Ok(()) => self.accept("iam", cx),
                    Err(cause) => self.failed("PAM", "28000", cause, cx),
                })
            }
            Exchange::Md5 { salt, verifier } => {
                let right = verifier.accepts(salt, password(body)?);
                Ok(if right { self.accept("password", cx) } else { self.wrong_password(cx) })
            }
            Exchange::SaslChoice(mut scram) => {
                let mut reader = Reader::new("SASLInitialResponse", body);
                let raw = |_| {
                    ErrorFields::error("08P01", "invalid string in message").at("pqformat.c", 624, "pq_getmsgrawstring")
                };
                let data = |line, routine| {
                    move |_| {
                        ErrorFields::error("08P01", "insufficient data left in message").at("pqformat.c", line, routine)
                    }
                };
                scram.choose(reader.until_nul("mechanism").map_err(raw)?)?;
                let length = reader.u32_be("length").map_err(data(533, "pq_copymsgbytes"))?;
                if length == u32::MAX {
                    reader.finish().map_err(|_| super::session::invalid_message())?;
                    Authentication::SaslContinue(b"").encode(cx.out);
                    cx.trace.push(cx.now, Direction::ToClient, EventName::AuthData);
                    self.state = State::ExpectAnswer(Box::new(Exchange::SaslFirst(scram)));
                    return Ok(Step::Receive);
                }
                let first = reader
                    .take("client-first", usize::try_from(length).unwrap_or(usize::MAX))
                    .map_err(data(515, "pq_getmsgbytes"))?;
                reader.finish().map_err(|_| super::session::invalid_message())?;
                self.scram_first(scram, first, cx)
            }
            Exchange::SaslFirst(scram) => self.scram_first(scram, body, cx),
            Exchange::SaslLast(mut scram) => match scram.last(body)? {
                None => Ok(self.wrong_password(cx)),
                Some(mut server_final) => {
                    if self.settings.deviates(Deviation::WrongServerSignature) {
                        server_final = format!("v={}", STANDARD.encode([0x5a; 32]));
                    }
                    Authentication::SaslFinal(server_final.as_bytes()).encode(cx.out);
                    cx.trace.push(cx.now, Direction::ToClient, EventName::AuthData);
                    Ok(self.accept("password", cx))
                }
            },
            Exchange::Gss { acceptor, acceptance, options } => {
                Ok(self.gss_token(acceptor, acceptance, options, body, cx))
            }
        }
    }

    fn scram_first(
        &mut self,
        mut scram: ScramServer,
        message: &[u8],
        cx: &mut Context<'_>,
    ) -> Result<Step, ErrorFields> {
        let mut nonce = [0; NONCE_OCTETS];
        cx.random.fill(&mut nonce);
        let mut first = scram.first(message, &STANDARD.encode(nonce))?.to_owned();
        if self.settings.deviates(Deviation::ScramOneIteration) {
            first = with_iterations(&first, 1);
        } else if self.settings.deviates(Deviation::ScramHugeIterations) {
            first = with_iterations(&first, i32::MAX.unsigned_abs());
        } else if self.settings.deviates(Deviation::ScramTenMillionIterations) {
            first = with_iterations(&first, 10_000_000);
        } else if self.settings.deviates(Deviation::ScramForeignNonce) {
            first = first.replacen("r=", "r=x", 1);
        }
        Authentication::SaslContinue(first.as_bytes()).encode(cx.out);
        cx.trace.push(cx.now, Direction::ToClient, EventName::AuthData);
        self.state = State::ExpectAnswer(Box::new(Exchange::SaslLast(scram)));
        Ok(Step::Receive)
    }

    /// `pg_GSS_recvauth`: a token of the acceptor goes out whenever there is one, a KRB-ERROR too, and before the
    /// principal is looked at.
    ///
    /// The token may be one of krb5 or of SPNEGO, which MIT's acceptor takes as well; SPNEGO may take more than one.
    fn gss_token(
        &mut self,
        acceptor: Arc<Acceptor>,
        mut acceptance: Acceptance,
        options: GssOptions,
        token: &[u8],
        cx: &mut Context<'_>,
    ) -> Step {
        cx.trace.push(cx.now, Direction::FromClient, EventName::ApReq);
        match acceptance.step(&acceptor, token, cx.now, cx.random) {
            Ok(Progress::Continue(reply)) => {
                Authentication::GssContinue(&reply).encode(cx.out);
                cx.trace.push(cx.now, Direction::ToClient, EventName::AuthData);
                self.state = State::ExpectAnswer(Box::new(Exchange::Gss { acceptor, acceptance, options }));
                Step::Receive
            }
            Ok(Progress::Done(accepted)) => {
                if let Some(reply) = accepted.reply.filter(|_| !self.settings.deviates(Deviation::OmitApRep)) {
                    Authentication::GssContinue(&reply).encode(cx.out);
                    cx.trace.push(cx.now, Direction::ToClient, EventName::ApRep);
                }
                self.check_principal(&options, &accepted.client.to_string(), cx)
            }
            Err(failure) => {
                if let Some(reply) = failure.reply {
                    Authentication::GssContinue(&reply).encode(cx.out);
                    match failure.cause {
                        Cause::Krb(code) => {
                            cx.trace.push_with(cx.now, Direction::ToClient, EventName::KrbError, code.to_string());
                        }
                        _ => cx.trace.push(cx.now, Direction::ToClient, EventName::AuthData),
                    }
                }
                self.failed("GSSAPI", "28000", failure.cause.to_string().into(), cx)
            }
        }
    }

    fn check_principal(&mut self, options: &GssOptions, principal: &str, cx: &mut Context<'_>) -> Step {
        match options.check(principal, &self.startup.user) {
            Ok(()) => self.accept("kerberos", cx),
            Err(cause) => self.failed("GSSAPI", "28000", cause.into(), cx),
        }
    }

    fn wrong_password(&mut self, cx: &mut Context<'_>) -> Step {
        let code = match self.settings.deviation {
            Some(Deviation::WrongPasswordIs28000) => "28000",
            Some(Deviation::WrongPasswordIsXx000) => "XX000",
            _ => "28P01",
        };
        let known = self.settings.accounts.contains_key(&self.startup.user);
        self.failed("password", code, if known { "wrong password" } else { "no such role" }.into(), cx)
    }

    /// `auth_failed`: the text tells the method, never the reason.
    fn failed(&mut self, method: &str, code: &'static str, cause: Cow<'static, str>, cx: &mut Context<'_>) -> Step {
        let message = format!("{method} authentication failed for user \"{}\"", self.startup.user);
        let fields = ErrorFields::fatal(code, message).at("auth.c", 334, "auth_failed");
        self.refuse(&fields, Some(cause.into_owned()), cx)
    }

    /// AuthenticationOk, then `InitPostgres`: role, database, settings; then the client is told and may ask.
    fn accept(&mut self, method: &'static str, cx: &mut Context<'_>) -> Step {
        Authentication::Ok.encode(cx.out);
        cx.trace.push(cx.now, Direction::ToClient, EventName::AuthOk);
        let parameters = match self.check_role_and_database().and_then(|()| self.session_parameters()) {
            Ok(parameters) => parameters,
            Err(fields) => return self.refuse(&fields, None, cx),
        };
        for (name, value) in parameters.reported() {
            let is_preset = name == "integer_datetimes";
            let value = if is_preset && self.settings.deviates(Deviation::ParameterStatus) { "off" } else { value };
            reply::parameter_status(cx.out, name, value);
        }
        cx.trace.push(cx.now, Direction::ToClient, EventName::Parameter);
        let mut identity = [0; 40];
        cx.random.fill(&mut identity);
        // A process number is positive and, on Linux, has at most 22 bits.
        let process = 1 + (u32::from_be_bytes([0, identity[0] & 0x3f, identity[1], identity[2]]) % 4_194_303);
        let long = self.settings.deviates(Deviation::LongKeyInProtocol30);
        reply::backend_key_data(cx.out, process, if long { &identity[8..40] } else { &identity[4..8] });
        reply::ready_for_query(cx.out, Transaction::Idle);
        cx.trace.push(cx.now, Direction::ToClient, EventName::Ready);
        self.outcome = Some(self.over(Outcome::established(method)));
        let session =
            Session::new(&self.startup.user, &self.startup.database, &self.settings.version_text, process, parameters);
        self.state = State::Session(Box::new(session));
        Step::Receive
    }

    fn check_role_and_database(&self) -> Result<(), ErrorFields> {
        const ROUTINE: &str = "InitializeSessionUserId";
        let user = &self.startup.user;
        match self.settings.accounts.get(user) {
            None => {
                return Err(ErrorFields::fatal("28000", format!("role \"{user}\" does not exist")).at(
                    "miscinit.c",
                    768,
                    ROUTINE,
                ));
            }
            Some(Account { can_login: false, .. }) => {
                return Err(ErrorFields::fatal("28000", format!("role \"{user}\" is not permitted to log in")).at(
                    "miscinit.c",
                    821,
                    ROUTINE,
                ));
            }
            Some(_) => {}
        }
        // No role of a mock has the attribute REPLICATION.
        if self.startup.replication != Replication::Off {
            let problem = "must be superuser or replication role to start walsender";
            return Err(ErrorFields::fatal("42501", problem).at("postinit.c", 896, "InitPostgres"));
        }
        let database = &self.startup.database;
        if !self.settings.databases.contain(database) {
            return Err(ErrorFields::fatal("3D000", format!("database \"{database}\" does not exist")).at(
                "postinit.c",
                948,
                "InitPostgres",
            ));
        }
        Ok(())
    }

    /// `process_startup_options`: `options` first, then the startup packet's own settings.
    fn session_parameters(&self) -> Result<Parameters, ErrorFields> {
        let settings = &self.settings;
        let number = version_number(&settings.server_version);
        let built_in = [
            ("server_version", settings.server_version.as_str()),
            ("server_version_num", number.as_str()),
            ("session_authorization", self.startup.user.as_str()),
        ];
        let given = settings.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut parameters = Parameters::new(Arc::clone(settings), built_in.into_iter().chain(given));
        for (name, value) in switches(self.startup.options.as_deref().unwrap_or_default())? {
            parameters.set(&name, &value)?;
        }
        for (name, value) in &self.startup.settings {
            parameters.set(name, value)?;
        }
        parameters.connected();
        Ok(parameters)
    }
}

/// `server_version_num`: `15.20 (Debian …)` is 150020, `9.6.24` was 90624.
fn version_number(version: &str) -> String {
    let number = version.split([' ', '(']).next().unwrap_or_default();
    let mut parts = number.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    match next() {
        major @ 0..10 => format!("{}{:02}{:02}", major, next(), next()),
        major => format!("{major}{:04}", next()),
    }
}

/// `-c name=value` and `--name=value`, blanks escaped by a backslash.
fn switches(options: &str) -> Result<Vec<(String, String)>, ErrorFields> {
    let invalid = |word: &str| {
        ErrorFields::fatal("42601", format!("invalid command-line argument for server process: {word}"))
            .hint("Try \"postgres --help\" for more information.")
            .at("postgres.c", 4017, "process_postgres_switches")
    };
    let mut switches = Vec::new();
    let mut words = words(options).into_iter();
    while let Some(word) = words.next() {
        let assignment = match word.as_str() {
            "-c" => words.next().ok_or_else(|| invalid(&word))?,
            long if long.starts_with("--") => long[2..].to_owned(),
            short if short.starts_with("-c") => short[2..].to_owned(),
            _ => return Err(invalid(&word)),
        };
        let (name, value) = assignment.split_once('=').ok_or_else(|| {
            ErrorFields::fatal("42601", format!("-c {assignment} requires a value")).at(
                "postgres.c",
                3983,
                "process_postgres_switches",
            )
        })?;
        // `ParseLongOption`: a dash stands for an underscore.
        switches.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(switches)
}

fn words(options: &str) -> Vec<String> {
    let (mut words, mut word, mut escaped) = (Vec::new(), String::new(), false);
    for character in options.chars() {
        match character {
            _ if escaped => {
                word.push(character);
                escaped = false;
            }
            '\\' => escaped = true,
            _ if character.is_ascii_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(character),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The only field of a PasswordMessage.
fn password(body: &[u8]) -> Result<&[u8], ErrorFields> {
    const ROUTINE: &str = "recv_password_packet";
    match body.iter().position(|&octet| octet == 0) {
        Some(0) if body.len() == 1 => {
            Err(ErrorFields::error("28P01", "empty password returned by client").at("auth.c", 757, ROUTINE))
        }
        Some(end) if end + 1 == body.len() => Ok(&body[..end]),
        _ => Err(ErrorFields::error("08P01", "invalid password packet size").at("auth.c", 739, ROUTINE)),
    }
}

fn with_iterations(server_first: &str, iterations: u32) -> String {
    match server_first.rsplit_once(",i=") {
        Some((rest, _)) => format!("{rest},i={iterations}"),
        None => server_first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_a_number() {
        let check = |version, number| assert_eq!(version_number(version), number);
        check("15.20 (Debian 15.20-0+deb12u1)", "150020");
        check("15.2", "150002");
        check("9.6.24", "90624");
    }

    #[test]
    fn options_are_read_as_command_line_switches() {
        let check = |options: &str, expected: &[(&str, &str)]| {
            let expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            assert_eq!(switches(options), Ok(expected), "{options}");
        };
        check("-c geqo=off  -c search_path=x", &[("geqo", "off"), ("search_path", "x")]);
        check("--extra-float-digits=3", &[("extra_float_digits", "3")]);
        check(r"-ctimezone=a\ b", &[("timezone", "a b")]);
        check("", &[]);
        for wrong in ["-z", "-c", "-c geqo", "geqo=off"] {
            assert_eq!(switches(wrong).unwrap_err().code, "42601", "{wrong}");
        }
    }

    #[test]
    fn a_password_message_is_one_string() {
        let check = |body: &[u8], expected: Result<&[u8], &str>| {
            let found = password(body).map_err(|fields| fields.code.into_owned());
            assert_eq!(found, expected.map_err(str::to_owned));
        };
        check(b"secret\0", Ok(b"secret"));
        check(b"\0", Err("28P01"));
        check(b"", Err("08P01"));
        check(b"secret", Err("08P01"));
        check(b"ab\0cd\0", Err("08P01"));
    }
}
