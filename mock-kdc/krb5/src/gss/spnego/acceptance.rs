//! The side that chooses.

use super::mechanism::is_krb5;
use super::mic::MicExchange;
use super::token::{NegState, NegTokenInit, NegTokenResp, hints, reject};
use crate::gss::{AcceptFailure, Accepted, Acceptor, Cause, Flags, GssError};
use crate::{Random, Timestamp};

/// A context that is being accepted, over as many round trips as it takes. `Debug` shows neither keys nor tokens.
#[derive(Debug, Default)]
pub struct Acceptance {
    state: State,
    mic: MicExchange,
    /// mechTypes as they were received.
    mech_list: Vec<u8>,
    demands_mic: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    ExpectFirst,
    /// Kerberos is chosen, and its token is yet to come.
    ExpectKrb5,
    /// The context stands, and the initiator's MIC is yet to come.
    ExpectMic(Box<Accepted>),
    Over,
}

/// What comes of a token.
#[derive(Debug)]
pub enum Progress {
    /// This is to be sent, and another token to be read.
    Continue(Vec<u8>),
    /// The context stands, once [`Accepted::reply`] is sent.
    Done(Box<Accepted>),
}

impl Acceptance {
    /// Before the initiator's first token.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Demands a MIC also where Kerberos is the first choice, as an acceptor may that trusts nobody in between
    /// (RFC 4178 §5). MIT's initiator answers it only with mutual authentication, and otherwise believes to be done.
    #[must_use]
    pub fn demanding_mic() -> Self {
        Self { demands_mic: true, ..Self::default() }
    }

    /// Looks at the initiator's next token. The first may also be a krb5 token without SPNEGO around it.
    ///
    /// # Errors
    /// Refused; the failure holds the code and, where MIT would send one, the token that says so. It is over then.
    pub fn step(
        &mut self,
        acceptor: &Acceptor,
        token: &[u8],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Progress, AcceptFailure> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::ExpectFirst => self.first(acceptor, token, now, random),
            State::ExpectKrb5 => {
                let response = later(token)?;
                let Some(krb5) = response.response_token else { return Err(rejected("no token of krb5")) };
                self.krb5(acceptor, krb5, response.mic, None, now, random)
            }
            State::ExpectMic(mut accepted) => {
                let response = later(token)?;
                if response.response_token.is_some() {
                    return Err(rejected("a token after the last"));
                }
                let mic = self.mic.exchange(&mut accepted.context, &self.mech_list, response.mic, true);
                // Mostly ours is sent already, and nothing is left to say.
                let state = Some(NegState::AcceptCompleted);
                let reply = mic
                    .map_err(reject_broken)?
                    .map(|mic| NegTokenResp { state, mic: Some(&mic), ..NegTokenResp::default() }.encode());
                Ok(Progress::Done(Box::new(Accepted { reply, ..*accepted })))
            }
            State::Over => Err(AcceptFailure::silent(Cause::Malformed("a token after the last".to_owned()))),
        }
    }

    fn first(
        &mut self,
        acceptor: &Acceptor,
        token: &[u8],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Progress, AcceptFailure> {
        if token.is_empty() && acceptor.has_keys() {
            // An initiator that would like to hear first what there is (MS-SPNG 3.2.5.2).
            self.state = State::ExpectFirst;
            return Ok(Progress::Continue(hints()));
        }
        let Some(offer) = NegTokenInit::recognise(token)? else {
            return acceptor.accept_krb5(token, now, random).map(|accepted| Progress::Done(Box::new(accepted)));
        };
        if !acceptor.has_keys() {
            // Without a keytab there is no mechanism to negotiate about.
            return Err(AcceptFailure::silent(Cause::NoKeytab));
        }
        let Some(chosen) = offer.mech_types.iter().position(|oid| is_krb5(oid)) else {
            return Err(rejected("spnego offers no krb5"));
        };
        // supportedMech repeats the name that was offered: Windows offers its own first and expects it back.
        let supported_mech = Some(offer.mech_types[chosen]);
        self.mech_list = offer.mech_list.to_vec();
        self.mic.required = chosen > 0 || self.demands_mic;
        match offer.mech_token {
            Some(token) if chosen == 0 => self.krb5(acceptor, token, offer.mic, supported_mech, now, random),
            // The token, if any, is of a mechanism that is not chosen.
            _ => {
                self.state = State::ExpectKrb5;
                let state = if chosen == 0 { NegState::AcceptIncomplete } else { NegState::RequestMic };
                let reply = NegTokenResp { state: Some(state), supported_mech, ..NegTokenResp::default() };
                Ok(Progress::Continue(reply.encode()))
            }
        }
    }

    fn krb5(
        &mut self,
        acceptor: &Acceptor,
        token: &[u8],
        mic: Option<&[u8]>,
        supported_mech: Option<&[u8]>,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Progress, AcceptFailure> {
        let mut accepted = acceptor.accept_krb5(token, now, random).map_err(|failure| match failure.cause {
            Cause::NoKeytab => failure,
            _ => AcceptFailure { reply: Some(reject(failure.reply.as_deref())), ..failure },
        })?;
        let response_token = accepted.reply.take();
        let mut ours = None;
        // Without integrity there is nothing to make a MIC with (RFC 4178 §5).
        let done = if !accepted.flags.has(Flags::INTEG) {
            true
        } else if self.demands_mic && mic.is_none() && response_token.is_none() && supported_mech.is_some() {
            // The initiator could not know yet that it owes one.
            false
        } else {
            let initiator_was_last = response_token.is_none();
            let exchanged = self.mic.exchange(&mut accepted.context, &self.mech_list, mic, initiator_was_last);
            ours = exchanged.map_err(reject_broken)?;
            self.mic.is_complete()
        };
        let state = match (done, supported_mech) {
            (true, _) => NegState::AcceptCompleted,
            // Only in the first reply can it be asked for (RFC 4178 §4.2.2).
            (false, Some(_)) => NegState::RequestMic,
            (false, None) => NegState::AcceptIncomplete,
        };
        let reply = NegTokenResp {
            state: Some(state),
            supported_mech,
            response_token: response_token.as_deref(),
            mic: ours.as_deref(),
        };
        let reply = reply.encode();
        if done {
            return Ok(Progress::Done(Box::new(Accepted { reply: Some(reply), ..accepted })));
        }
        self.state = State::ExpectMic(Box::new(accepted));
        Ok(Progress::Continue(reply))
    }
}

/// A token after the first.
fn later(token: &[u8]) -> Result<NegTokenResp<'_>, AcceptFailure> {
    let response = NegTokenResp::decode(token).map_err(reject_broken)?;
    if response.supported_mech.is_some() {
        return Err(rejected("supportedMech of an initiator"));
    }
    Ok(response)
}

fn rejected(text: &str) -> AcceptFailure {
    AcceptFailure { cause: Cause::Malformed(text.to_owned()), reply: Some(reject(None)) }
}

fn reject_broken(error: GssError) -> AcceptFailure {
    AcceptFailure { reply: Some(reject(None)), ..AcceptFailure::from(error) }
}
