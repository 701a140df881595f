//! The side that offers.

use super::Mechanism;
use super::mechanism::is_krb5;
use super::mic::MicExchange;
use super::token::{NegState, NegTokenResp, neg_token_init};
use crate::der::Writer;
use crate::gss::frame::malformed;
use crate::gss::initiator::InitiatorSettings;
use crate::gss::{Context, Flags, GssError, Initiator};
use crate::{Credential, Random, Timestamp};

/// The initiator of a context that is negotiated.
#[derive(Debug)]
pub struct SpnegoInitiator {
    mechanisms: Vec<Mechanism>,
    /// The encoding of mechTypes as it was sent.
    mech_list: Vec<u8>,
    credential: Credential,
    settings: InitiatorSettings,
    /// What Kerberos is at, once it has begun.
    krb5: Krb5,
    mic: MicExchange,
    negotiated: bool,
    done: bool,
}

#[derive(Debug)]
enum Krb5 {
    /// Another mechanism was preferred.
    NotStarted,
    /// The AP-REP is awaited.
    Waits(Box<Initiator>),
    Stands(Box<Context>),
}

/// What comes of an acceptor's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpnegoStep {
    /// To be sent, if anything is.
    pub token: Option<Vec<u8>>,
    /// Whether the context stands, once that is sent.
    pub done: bool,
}

impl SpnegoInitiator {
    /// Makes a first token that offers `mechanisms`, the most preferred first; with an AP-REQ for `credential` in it if
    /// that is Kerberos. Otherwise there is no token for the first mechanism, which RFC 4178 §4.2.1 leaves open.
    ///
    /// The context always has integrity, as MIT's: otherwise what is offered cannot be protected.
    pub fn start(
        credential: &Credential,
        settings: &InitiatorSettings,
        mechanisms: &[Mechanism],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> (Self, Vec<u8>) {
        let mut mech_list = Vec::new();
        Writer::new(&mut mech_list).list(mechanisms, |w, mechanism| w.raw(mechanism.oid()));
        let settings = InitiatorSettings { flags: Flags(settings.flags.0 | Flags::INTEG), ..*settings };
        let mut initiator = Self {
            mechanisms: mechanisms.to_vec(),
            mech_list,
            credential: credential.clone(),
            settings,
            krb5: Krb5::NotStarted,
            mic: MicExchange::default(),
            negotiated: false,
            done: false,
        };
        let optimistic = mechanisms.first().is_some_and(|first| first.is_krb5());
        let token = optimistic.then(|| initiator.start_krb5(now, random));
        let token = neg_token_init(&initiator.mech_list, token.as_deref());
        (initiator, token)
    }

    /// Takes the acceptor's next token.
    ///
    /// # Errors
    /// [`GssError::Refused`] with the code of a KRB-ERROR; [`GssError::Broken`] if the acceptor rejects the offer or
    /// chooses what was not offered, and if what it saw is not what was offered; [`GssError::Malformed`] for what is no
    /// such token.
    pub fn step(&mut self, token: &[u8], now: Timestamp, random: &mut dyn Random) -> Result<SpnegoStep, GssError> {
        if self.done {
            return Err(GssError::Broken("no answer is awaited"));
        }
        let response = NegTokenResp::decode(token)?;
        if response.state == Some(NegState::Reject) {
            return Err(self.rejection(response.response_token));
        }
        let started = if self.negotiated {
            if response.supported_mech.is_some() {
                return Err(malformed("a second supportedMech"));
            }
            None
        } else {
            self.negotiated = true;
            self.negotiate(&response, now, random)?
        };
        if started.is_none() {
            self.answer(response.response_token)?;
        }
        let acceptor_was_last = response.response_token.is_some_and(|token| !token.is_empty());
        self.conclude(started, response.mic, acceptor_was_last)
    }

    /// The finished context.
    ///
    /// # Errors
    /// [`GssError::Broken`] while an answer of the acceptor is awaited.
    pub fn into_context(self) -> Result<Context, GssError> {
        match self.krb5 {
            Krb5::Stands(context) if self.done => Ok(*context),
            _ => Err(GssError::Broken("the acceptor's answer is awaited")),
        }
    }

    /// Looks at what the acceptor chose; returns the AP-REQ token if it is to be sent only now.
    fn negotiate(
        &mut self,
        response: &NegTokenResp<'_>,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Option<Vec<u8>>, GssError> {
        // Some acceptors answer a token that they accept without a word about the mechanism.
        let first = self.mechanisms.first().map(|mechanism| mechanism.oid());
        let chosen = response.supported_mech.or(first).ok_or(malformed("no supportedMech"))?;
        if !is_krb5(chosen) || !self.mechanisms.iter().any(|mechanism| mechanism.is_krb5()) {
            return Err(GssError::Broken("the acceptor chose another mechanism than krb5"));
        }
        let asked = response.state == Some(NegState::RequestMic);
        self.mic.required = asked;
        if !matches!(self.krb5, Krb5::NotStarted) {
            return Ok(None);
        }
        if !self.mechanisms.iter().any(|mechanism| mechanism.oid() == chosen) {
            return Err(GssError::Broken("the acceptor chose what was not offered"));
        }
        // RFC 4178 §5: the choice not being the first one, a MIC must be asked for.
        if !asked {
            return Err(GssError::Broken(
                "the acceptor made another choice than the first and asks for no mechListMIC",
            ));
        }
        if response.response_token.is_some() {
            return Err(GssError::Broken("a token before there is anything to answer"));
        }
        Ok(Some(self.start_krb5(now, random)))
    }

    fn start_krb5(&mut self, now: Timestamp, random: &mut dyn Random) -> Vec<u8> {
        let (initiator, token) = Initiator::start_with(&self.credential, &self.settings, now, random);
        self.krb5 = if initiator.is_complete() {
            let context = initiator.into_context().expect("nothing is awaited");
            Krb5::Stands(Box::new(context))
        } else {
            Krb5::Waits(Box::new(initiator))
        };
        token
    }

    /// Gives the AP-REP to whom it is for.
    fn answer(&mut self, token: Option<&[u8]>) -> Result<(), GssError> {
        match (std::mem::replace(&mut self.krb5, Krb5::NotStarted), token) {
            (Krb5::Waits(mut initiator), Some(token)) => {
                initiator.reply(token)?;
                self.krb5 = Krb5::Stands(Box::new(initiator.into_context()?));
                Ok(())
            }
            // An empty token instead of none is what old servers of Microsoft send.
            (stands @ Krb5::Stands(_), None | Some([])) => {
                self.krb5 = stands;
                Ok(())
            }
            (Krb5::Stands(_), Some(_)) => Err(GssError::Broken("a token after the last")),
            (Krb5::Waits(_) | Krb5::NotStarted, _) => Err(GssError::Broken("no token from the acceptor")),
        }
    }

    fn conclude(
        &mut self,
        started: Option<Vec<u8>>,
        received: Option<&[u8]>,
        acceptor_was_last: bool,
    ) -> Result<SpnegoStep, GssError> {
        let mut mic = None;
        if let Krb5::Stands(context) = &mut self.krb5 {
            mic = self.mic.exchange(context, &self.mech_list, received, acceptor_was_last)?;
            self.done = self.mic.is_complete();
        } else if received.is_some() {
            return Err(GssError::Broken("mechListMIC before there is a context"));
        }
        if started.is_none() && mic.is_none() {
            return Ok(SpnegoStep { token: None, done: self.done });
        }
        let state = if self.done { NegState::AcceptCompleted } else { NegState::AcceptIncomplete };
        let token = NegTokenResp {
            state: Some(state),
            supported_mech: None,
            response_token: started.as_deref(),
            mic: mic.as_deref(),
        };
        Ok(SpnegoStep { token: Some(token.encode()), done: self.done })
    }

    /// Why the acceptor refused, if it says so.
    fn rejection(&mut self, token: Option<&[u8]>) -> GssError {
        match (&mut self.krb5, token) {
            (Krb5::Waits(initiator), Some(token)) => {
                initiator.reply(token).err().unwrap_or(GssError::Broken("rejected with a token that accepts"))
            }
            _ => GssError::Broken("the acceptor rejects"),
        }
    }
}
