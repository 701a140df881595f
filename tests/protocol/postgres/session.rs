//! A session against what PostgreSQL 15.20 said to the same octets, captured on 2026-11-21 on one connection, in this order.

use super::conversation::{Counter, NOW};
use shakedown::handshake::{Context, Handshake, Input, Outcome, Step, Trace};
use shakedown::postgres::{Account, ServerHandshake, ServerSettings};
use std::sync::Arc;

#[test]
fn every_answer_is_the_one_of_postgresql_15() {
    let mut session = Session::begin();
    for (request, expected) in CAPTURED {
        let found = session.say(request);
        assert_eq!(
            found.escape_ascii().to_string(),
            expected.escape_ascii().to_string(),
            "to {}",
            request.escape_ascii()
        );
    }
    let outcome = session.end.expect("the last message is of an unknown type and ends the session");
    assert_eq!(outcome.to_string(), "refused by server: 08P01");
}

#[test]
fn terminate_ends_an_established_session() {
    let mut session = Session::begin();
    session.say(b"X\0\0\0\x04");
    assert_eq!(session.end.expect("an end").to_string(), "established by trust");
}

#[test]
fn statements_and_portals_are_bounded() {
    let mut session = Session::begin();
    for index in 0..64 {
        let answer = session.say(&parse(index));
        assert_eq!(answer, b"1\0\0\0\x04");
    }
    let answer = session.say(&parse(64));
    assert!(answer.windows(6).any(|window| window == b"C53400"), "{}", answer.escape_ascii());
}

fn parse(index: u8) -> Vec<u8> {
    let mut message = format!("P\0\0\0\x13s{index:03}\0SELECT 1\0\0\0").into_bytes();
    message[4] = u8::try_from(message.len() - 1).expect("a short message");
    message
}

struct Session {
    machine: ServerHandshake,
    end: Option<Outcome>,
}

impl Session {
    fn begin() -> Self {
        let mut settings = ServerSettings::new(&mut Counter(0));
        settings.rules = vec!["host all all trust".parse().expect("a rule")];
        settings.accounts.insert("trusty".to_owned(), Account::without_password());
        settings.server_version = "15.20 (Debian 15.20-0+deb12u1)".to_owned();
        settings.version_text = "PostgreSQL 15.20 (Debian 15.20-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc \
            (Debian 12.2.0-14+deb12u1) 12.2.0, 64-bit"
            .to_owned();
        let mut session = Self { machine: ServerHandshake::new(Arc::new(settings), "127.0.0.1"), end: None };
        session.handle(Input::Start);
        let greeting = session.say(b"\0\0\0\"\0\x03\0\0user\0trusty\0database\0app\0\0");
        // Captured; the process and its key are made up for each connection.
        let (start, end) = greeting.split_at(greeting.len() - 14);
        assert_eq!(start[..GREETING.len()].escape_ascii().to_string(), GREETING.escape_ascii().to_string());
        assert_eq!(start[GREETING.len()..], *b"K\0\0\0\x0c"[..].as_ref());
        assert_eq!(end[8..], *b"Z\0\0\0\x05I");
        session
    }

    fn say(&mut self, octets: &[u8]) -> Vec<u8> {
        self.handle(Input::Bytes(octets))
    }

    fn handle(&mut self, input: Input<'_>) -> Vec<u8> {
        let (mut out, mut trace, mut random) = (Vec::new(), Trace::new(), Counter(0));
        let mut cx = Context { now: NOW, out: &mut out, trace: &mut trace, random: &mut random };
        match self.machine.handle(input, &mut cx).expect("no nonsense") {
            Step::Receive => {}
            Step::Finish(outcome) => self.end = Some(outcome),
            other => panic!("{other:?}"),
        }
        out
    }
}

/// AuthenticationOk and the parameters.
const GREETING: &[u8] = b"R\0\0\0\x08\0\0\0\0S\0\0\0\x16application_name\0\0S\0\0\0\x19client_encoding\0UTF8\0S\0\0\0\x17DateStyle\0ISO, MDY\0S\0\0\0&default_transaction_read_only\0off\0S\0\0\0\x17in_hot_standby\0off\0S\0\0\0\x19integer_datetimes\0on\0S\0\0\0\x1bIntervalStyle\0postgres\0S\0\0\0\x15is_superuser\0off\0S\0\0\0\x19server_encoding\0UTF8\0S\0\0\x002server_version\x0015.20 (Debian 15.20-0+deb12u1)\0S\0\0\0!session_authorization\0trusty\0S\0\0\0#standard_conforming_strings\0on\0S\0\0\0\x15TimeZone\0Etc/UTC\0";

/// What was sent, what came back.
#[rustfmt::skip]
const CAPTURED: &[(&[u8], &[u8])] = &[
    (b"Q\0\0\0\x0dSELECT 1\0",
     b"T\0\0\0!\0\x01?column?\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0D\0\0\0\x0b\0\x01\0\0\0\x011C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x05\0",
     b"I\0\0\0\x04Z\0\0\0\x05I"),
    (b"Q\0\0\0\x06;\0",
     b"I\0\0\0\x04Z\0\0\0\x05I"),
    (b"Q\0\0\0\x18SELECT current_user\0",
     b"T\0\0\0%\0\x01current_user\0\0\0\0\0\0\0\0\0\0\x13\0@\xff\xff\xff\xff\0\0D\0\0\0\x10\0\x01\0\0\0\x06trustyC\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x18SHOW server_version\0",
     b"T\0\0\0'\0\x01server_version\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0D\0\0\0(\0\x01\0\0\0\x1e15.20 (Debian 15.20-0+deb12u1)C\0\0\0\x09SHOW\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x1fSET application_name = 'x'\0",
     b"C\0\0\0\x08SET\0S\0\0\0\x17application_name\0x\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x0eSET foo=1\0",
     b"E\0\0\0`SERROR\0VERROR\0C42704\0Munrecognized configuration parameter \"foo\"\0Fguc.c\0L5766\0Rfind_option\0\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x0dSHOW foo\0",
     b"E\0\0\0`SERROR\0VERROR\0C42704\0Munrecognized configuration parameter \"foo\"\0Fguc.c\0L5766\0Rfind_option\0\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\nBEGIN\0",
     b"C\0\0\0\nBEGIN\0Z\0\0\0\x05T"),
    (b"Q\0\0\0\x0cgarbage\0",
     b"E\0\0\0_SERROR\0VERROR\0C42601\0Msyntax error at or near \"garbage\"\0P1\0Fscan.l\0L1188\0Rscanner_yyerror\0\0Z\0\0\0\x05E"),
    (b"Q\0\0\0\x0dSELECT 1\0",
     b"E\0\0\0\x90SERROR\0VERROR\0C25P02\0Mcurrent transaction is aborted, commands ignored until end of transaction block\0Fpostgres.c\0L1081\0Rexec_simple_query\0\0Z\0\0\0\x05E"),
    (b"Q\0\0\0\x0dROLLBACK\0",
     b"C\0\0\0\x0dROLLBACK\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x0bCOMMIT\0",
     b"N\0\0\0fSWARNING\0VWARNING\0C25P01\0Mthere is no transaction in progress\0Fxact.c\0L3990\0REndTransactionBlock\0\0C\0\0\0\x0bCOMMIT\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x0dROLLBACK\0",
     b"N\0\0\0lSWARNING\0VWARNING\0C25P01\0Mthere is no transaction in progress\0Fxact.c\0L4113\0RUserAbortTransactionBlock\0\0C\0\0\0\x0dROLLBACK\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\nBEGIN\0",
     b"C\0\0\0\nBEGIN\0Z\0\0\0\x05T"),
    (b"Q\0\0\0\nBEGIN\0",
     b"N\0\0\0oSWARNING\0VWARNING\0C25001\0Mthere is already a transaction in progress\0Fxact.c\0L3792\0RBeginTransactionBlock\0\0C\0\0\0\nBEGIN\0Z\0\0\0\x05T"),
    (b"Q\0\0\0\x0bCOMMIT\0",
     b"C\0\0\0\x0bCOMMIT\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x17SELECT 1; SELECT 1\0",
     b"T\0\0\0!\0\x01?column?\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0D\0\0\0\x0b\0\x01\0\0\0\x011C\0\0\0\x0dSELECT 1\0T\0\0\0!\0\x01?column?\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0D\0\0\0\x0b\0\x01\0\0\0\x011C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I"),
    (b"Q\0\0\0%SELECT 1; SHOW nothing; SELECT 2\0",
     b"T\0\0\0!\0\x01?column?\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0D\0\0\0\x0b\0\x01\0\0\0\x011C\0\0\0\x0dSELECT 1\0E\0\0\0dSERROR\0VERROR\0C42704\0Munrecognized configuration parameter \"nothing\"\0Fguc.c\0L5766\0Rfind_option\0\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x15SELECT version()\0",
     b"T\0\0\0 \0\x01version\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0D\0\0\0\x85\0\x01\0\0\0{PostgreSQL 15.20 (Debian 15.20-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14+deb12u1) 12.2.0, 64-bitC\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x1bSET DateStyle TO 'ISO'\0",
     b"C\0\0\0\x08SET\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x1fSHOW transaction_isolation\0",
     b"T\0\0\0.\0\x01transaction_isolation\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0D\0\0\0\x18\0\x01\0\0\0\x0eread committedC\0\0\0\x09SHOW\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x0eRESET ALL\0",
     b"C\0\0\0\nRESET\0S\0\0\0\x16application_name\0\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x10DISCARD ALL\0",
     b"C\0\0\0\x10DISCARD ALL\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x0fselect 'x'\0",
     b"T\0\0\0!\0\x01?column?\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0D\0\0\0\x0b\0\x01\0\0\0\x01xC\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x16SELECT -5 AS five\0",
     b"T\0\0\0\x1d\0\x01five\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0D\0\0\0\x0c\0\x01\0\0\0\x02-5C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x0bSELECT\0",
     b"T\0\0\0\x06\0\0D\0\0\0\x06\0\0C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x1eselect current_database()\0",
     b"T\0\0\0)\0\x01current_database\0\0\0\0\0\0\0\0\0\0\x13\0@\xff\xff\xff\xff\0\0D\0\0\0\x0d\0\x01\0\0\0\x03appC\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x1fSELECT pg_is_in_recovery()\0",
     b"T\0\0\0*\0\x01pg_is_in_recovery\0\0\0\0\0\0\0\0\0\0\x10\0\x01\xff\xff\xff\xff\0\0D\0\0\0\x0b\0\x01\0\0\0\x01fC\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I"),
    (b"Q\0\0\0'SELECT current_setting('TimeZone')\0",
     b"T\0\0\0(\0\x01current_setting\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0D\0\0\0\x11\0\x01\0\0\0\x07Etc/UTCC\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x11SELECT 'open\0",
     b"E\0\0\0kSERROR\0VERROR\0C42601\0Munterminated quoted string at or near \"'open\"\0P8\0Fscan.l\0L1188\0Rscanner_yyerror\0\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x17SET TimeZone='UTC'\0",
     b"C\0\0\0\x08SET\0S\0\0\0\x11TimeZone\0UTC\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\nBEGIN\0",
     b"C\0\0\0\nBEGIN\0Z\0\0\0\x05T"),
    (b"Q\0\0\0\x1bSET TimeZone='Etc/UTC'\0",
     b"C\0\0\0\x08SET\0S\0\0\0\x15TimeZone\0Etc/UTC\0Z\0\0\0\x05T"),
    (b"Q\0\0\0\x0dROLLBACK\0",
     b"C\0\0\0\x0dROLLBACK\0S\0\0\0\x11TimeZone\0UTC\0Z\0\0\0\x05I"),
    (b"Q\0\0\0!SET client_encoding='LATIN1'\0",
     b"C\0\0\0\x08SET\0S\0\0\0\x1bclient_encoding\0LATIN1\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x15SET NAMES 'utf8'\0",
     b"C\0\0\0\x08SET\0S\0\0\0\x19client_encoding\0UTF8\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x1eSET search_path TO a, \"B\"\0",
     b"C\0\0\0\x08SET\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x15SHOW search_path\0",
     b"T\0\0\0$\0\x01search_path\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0D\0\0\0\x10\0\x01\0\0\0\x06a, \"B\"C\0\0\0\x09SHOW\0Z\0\0\0\x05I"),
    (b"Q\0\0\0 SET statement_timeout=90000\0",
     b"C\0\0\0\x08SET\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x1bSHOW statement_timeout\0",
     b"T\0\0\0*\0\x01statement_timeout\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0D\0\0\0\x0d\0\x01\0\0\0\x0390sC\0\0\0\x09SHOW\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x11SET my.var=1\0",
     b"C\0\0\0\x08SET\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x10SHOW my.var\0",
     b"T\0\0\0\x1f\0\x01my.var\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0D\0\0\0\x0b\0\x01\0\0\0\x011C\0\0\0\x09SHOW\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x0fSET geqo=o\0",
     b"E\0\0\0lSERROR\0VERROR\0C22023\0Mparameter \"geqo\" requires a Boolean value\0Fguc.c\0L7434\0Rparse_and_validate_value\0\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x19SET server_version=9\0",
     b"E\0\0\0lSERROR\0VERROR\0C55P02\0Mparameter \"server_version\" cannot be changed\0Fguc.c\0L7728\0Rset_config_option_ext\0\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x19RESET server_version\0",
     b"E\0\0\0lSERROR\0VERROR\0C55P02\0Mparameter \"server_version\" cannot be changed\0Fguc.c\0L7728\0Rset_config_option_ext\0\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\nBEGIN\0",
     b"C\0\0\0\nBEGIN\0Z\0\0\0\x05T"),
    (b"Q\0\0\0\x10DISCARD ALL\0",
     b"E\0\0\0vSERROR\0VERROR\0C25001\0MDISCARD ALL cannot run inside a transaction block\0Fxact.c\0L3489\0RPreventInTransactionBlock\0\0Z\0\0\0\x05E"),
    (b"Q\0\0\0\x0dROLLBACK\0",
     b"C\0\0\0\x0dROLLBACK\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x11DEALLOCATE x\0",
     b"E\0\0\0iSERROR\0VERROR\0C26000\0Mprepared statement \"x\" does not exist\0Fprepare.c\0L451\0RFetchPreparedStatement\0\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x0cSELECT 1",
     b"E\0\0\0WSERROR\0VERROR\0C08P01\0Minvalid string in message\0Fpqformat.c\0L595\0Rpq_getmsgstring\0\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x0eSELECT 1\0x",
     b"E\0\0\0QSERROR\0VERROR\0C08P01\0Minvalid message format\0Fpqformat.c\0L640\0Rpq_getmsgend\0\0Z\0\0\0\x05I"),
    (b"P\0\0\0\x10\0SELECT 1\0\0\0B\0\0\0\x0c\0\0\0\0\0\0\0\0D\0\0\0\x06P\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04",
     b"1\0\0\0\x042\0\0\0\x04T\0\0\0!\0\x01?column?\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0D\0\0\0\x0b\0\x01\0\0\0\x011C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I"),
    (b"P\0\0\0\x12s1\0SELECT 1\0\0\0D\0\0\0\x08Ss1\0H\0\0\0\x04",
     b"1\0\0\0\x04t\0\0\0\x06\0\0T\0\0\0!\0\x01?column?\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0"),
    (b"B\0\0\0\x10\0s1\0\0\0\0\0\0\x01\0\x01E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04",
     b"2\0\0\0\x04D\0\0\0\x0e\0\x01\0\0\0\x04\0\0\0\x01C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I"),
    (b"C\0\0\0\x08Ss1\0S\0\0\0\x04",
     b"3\0\0\0\x04Z\0\0\0\x05I"),
    (b"B\0\0\0\x0e\0s1\0\0\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04",
     b"E\0\0\0jSERROR\0VERROR\0C26000\0Mprepared statement \"s1\" does not exist\0Fprepare.c\0L451\0RFetchPreparedStatement\0\0Z\0\0\0\x05I"),
    (b"D\0\0\0\x08Szz\0S\0\0\0\x04",
     b"E\0\0\0jSERROR\0VERROR\0C26000\0Mprepared statement \"zz\" does not exist\0Fprepare.c\0L451\0RFetchPreparedStatement\0\0Z\0\0\0\x05I"),
    (b"D\0\0\0\x08Pzz\0S\0\0\0\x04",
     b"E\0\0\0fSERROR\0VERROR\0C34000\0Mportal \"zz\" does not exist\0Fpostgres.c\0L2669\0Rexec_describe_portal_message\0\0Z\0\0\0\x05I"),
    (b"E\0\0\0\x0bzz\0\0\0\0\0S\0\0\0\x04",
     b"E\0\0\0^SERROR\0VERROR\0C34000\0Mportal \"zz\" does not exist\0Fpostgres.c\0L2071\0Rexec_execute_message\0\0Z\0\0\0\x05I"),
    (b"P\0\0\0\x12s1\0SELECT 1\0\0\0P\0\0\0\x12s1\0SELECT 1\0\0\0S\0\0\0\x04",
     b"1\0\0\0\x04E\0\0\0jSERROR\0VERROR\0C42P05\0Mprepared statement \"s1\" already exists\0Fprepare.c\0L412\0RStorePreparedStatement\0\0Z\0\0\0\x05I"),
    (b"P\0\0\0\"\0SET extra_float_digits = 3\0\0\0B\0\0\0\x0c\0\0\0\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04",
     b"1\0\0\0\x042\0\0\0\x04C\0\0\0\x08SET\0Z\0\0\0\x05I"),
    (b"P\0\0\0\x08\0\0\0\0B\0\0\0\x0c\0\0\0\0\0\0\0\0D\0\0\0\x06P\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04",
     b"1\0\0\0\x042\0\0\0\x04n\0\0\0\x04I\0\0\0\x04Z\0\0\0\x05I"),
    (b"P\0\0\0\x0f\0garbage\0\0\0B\0\0\0\x0c\0\0\0\0\0\0\0\0S\0\0\0\x04",
     b"E\0\0\0_SERROR\0VERROR\0C42601\0Msyntax error at or near \"garbage\"\0P1\0Fscan.l\0L1188\0Rscanner_yyerror\0\0Z\0\0\0\x05I"),
    (b"P\0\0\0\x0d\0BEGIN\0\0\0D\0\0\0\x06S\0B\0\0\0\x0c\0\0\0\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04",
     b"1\0\0\0\x04t\0\0\0\x06\0\0n\0\0\0\x042\0\0\0\x04C\0\0\0\nBEGIN\0E\0\0\0WSERROR\0VERROR\0C55000\0Mportal \"\" cannot be run\0Fportalmem.c\0L400\0RMarkPortalActive\0\0Z\0\0\0\x05E"),
    (b"P\0\0\0\x0f\0garbage\0\0\0S\0\0\0\x04",
     b"E\0\0\0_SERROR\0VERROR\0C42601\0Msyntax error at or near \"garbage\"\0P1\0Fscan.l\0L1188\0Rscanner_yyerror\0\0Z\0\0\0\x05E"),
    (b"B\0\0\0\x0e\0s1\0\0\0\0\0\0\0S\0\0\0\x04",
     b"E\0\0\0\x90SERROR\0VERROR\0C25P02\0Mcurrent transaction is aborted, commands ignored until end of transaction block\0Fpostgres.c\0L1691\0Rexec_bind_message\0\0Z\0\0\0\x05E"),
    (b"D\0\0\0\x08Ss1\0S\0\0\0\x04",
     b"E\0\0\0\x9eSERROR\0VERROR\0C25P02\0Mcurrent transaction is aborted, commands ignored until end of transaction block\0Fpostgres.c\0L2605\0Rexec_describe_statement_message\0\0Z\0\0\0\x05E"),
    (b"P\0\0\0\x10\0ROLLBACK\0\0\0B\0\0\0\x0c\0\0\0\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04",
     b"1\0\0\0\x042\0\0\0\x04C\0\0\0\x0dROLLBACK\0Z\0\0\0\x05I"),
    (b"P\0\0\0\x1a\0SELECT 1; SELECT 1\0\0\0S\0\0\0\x04",
     b"E\0\0\0{SERROR\0VERROR\0C42601\0Mcannot insert multiple commands into a prepared statement\0Fpostgres.c\0L1419\0Rexec_parse_message\0\0Z\0\0\0\x05I"),
    (b"P\0\0\0\x10\0SELECT 1\0\0\0B\0\0\0\x0c\0\0\0\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04",
     b"1\0\0\0\x042\0\0\0\x04D\0\0\0\x0b\0\x01\0\0\0\x011C\0\0\0\x0dSELECT 1\0C\0\0\0\x0dSELECT 0\0Z\0\0\0\x05I"),
    (b"P\0\0\0\x11\0SHOW geqo\0\0\0B\0\0\0\x0e\0\0\0\0\0\0\0\x01\0\x02E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04",
     b"1\0\0\0\x042\0\0\0\x04E\0\0\0^SERROR\0VERROR\0C22023\0Munsupported format code: 2\0Fprinttup.c\0L290\0Rprinttup_prepare_info\0\0Z\0\0\0\x05I"),
    (b"B\0\0\0\x12\0s1\0\0\0\0\0\0\x02\0\0\0\0S\0\0\0\x04",
     b"E\0\0\0{SERROR\0VERROR\0C08P01\0Mbind message has 2 result formats but query has 1 columns\0Fpquery.c\0L643\0RPortalSetResultFormat\0\0Z\0\0\0\x05I"),
    (b"B\0\0\0\x13\0s1\0\0\0\0\x01\0\0\0\x01a\0\0S\0\0\0\x04",
     b"E\0\0\0\x8bSERROR\0VERROR\0C08P01\0Mbind message supplies 1 parameters, but prepared statement \"s1\" requires 0\0Fpostgres.c\0L1674\0Rexec_bind_message\0\0Z\0\0\0\x05I"),
    (b"B\0\0\0\x0fp\0s1\0\0\0\0\0\0\0B\0\0\0\x0fp\0s1\0\0\0\0\0\0\0S\0\0\0\x04",
     b"2\0\0\0\x04E\0\0\0USERROR\0VERROR\0C42P03\0Mcursor \"p\" already exists\0Fportalmem.c\0L186\0RCreatePortal\0\0Z\0\0\0\x05I"),
    (b"D\0\0\0\x06x\0S\0\0\0\x04",
     b"E\0\0\0`SERROR\0VERROR\0C08P01\0Minvalid DESCRIBE message subtype 120\0Fpostgres.c\0L4837\0RPostgresMain\0\0Z\0\0\0\x05I"),
    (b"C\0\0\0\x06x\0S\0\0\0\x04",
     b"E\0\0\0]SERROR\0VERROR\0C08P01\0Minvalid CLOSE message subtype 120\0Fpostgres.c\0L4802\0RPostgresMain\0\0Z\0\0\0\x05I"),
    (b"B\0\0\0\x09\0s1\0\0S\0\0\0\x04",
     b"E\0\0\0_SERROR\0VERROR\0C08P01\0Minsufficient data left in message\0Fpqformat.c\0L533\0Rpq_copymsgbytes\0\0Z\0\0\0\x05I"),
    (b"B\0\0\0\x05\0S\0\0\0\x04",
     b"E\0\0\0WSERROR\0VERROR\0C08P01\0Minvalid string in message\0Fpqformat.c\0L595\0Rpq_getmsgstring\0\0Z\0\0\0\x05I"),
    (b"C\0\0\0\nPnone\0S\0\0\0\x04",
     b"3\0\0\0\x04Z\0\0\0\x05I"),
    (b"P\0\0\0\x1a\0SET TimeZone='UTC'\0\0\0B\0\0\0\x0c\0\0\0\0\0\0\0\0E\0\0\0\x09\0\0\0\0\0H\0\0\0\x04S\0\0\0\x04",
     b"1\0\0\0\x042\0\0\0\x04C\0\0\0\x08SET\0Z\0\0\0\x05I"),
    (b"~\0\0\0\x04",
     b"E\0\0\0]SFATAL\0VFATAL\0C08P01\0Minvalid frontend message type 126\0Fpostgres.c\0L446\0RSocketBackend\0\0"),
];
