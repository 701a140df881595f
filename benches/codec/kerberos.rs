//! Messages of MIT Kerberos, recorded for the tests of the krb5 crate, beside `rasn-kerberos`.

use criterion::Criterion;
use shakedown_krb5::messages::{ApRequest, Codec, KdcReply, KdcRequest, padata_type};
use std::hint::black_box;
use std::path::Path;

pub(crate) fn bench(criterion: &mut Criterion) {
    sample::<KdcReply, rasn_kerberos::AsRep>(criterion, "as-rep", &recorded("04-as-rep.hex"));
    sample::<KdcReply, rasn_kerberos::TgsRep>(criterion, "tgs-rep", &recorded("06-tgs-rep.hex"));
    let request = KdcRequest::decode(&recorded("05-tgs-req.hex")).unwrap();
    let ap_req = request.padata(padata_type::TGS_REQ).unwrap();
    sample::<ApRequest, rasn_kerberos::ApReq>(criterion, "ap-req", ap_req);
}

fn sample<Ours, Theirs>(criterion: &mut Criterion, name: &str, octets: &[u8])
where
    Ours: Codec,
    Theirs: rasn::Decode + rasn::Encode,
{
    let ours = Ours::decode(octets).unwrap();
    assert_eq!(ours.to_octets(), octets);
    let theirs: Theirs = rasn::der::decode(octets).unwrap();
    assert_eq!(rasn::der::encode(&theirs).unwrap(), octets);

    let mut group = criterion.benchmark_group(format!("kerberos/{name}"));
    group.bench_function("decode", |bencher| bencher.iter(|| Ours::decode(black_box(octets)).unwrap()));
    group.bench_function("decode-rasn", |bencher| {
        bencher.iter(|| rasn::der::decode::<Theirs>(black_box(octets)).unwrap());
    });
    group.bench_function("encode", |bencher| bencher.iter(|| black_box(&ours).to_octets()));
    group.bench_function("encode-rasn", |bencher| bencher.iter(|| rasn::der::encode(black_box(&theirs)).unwrap()));
    group.finish();
}

/// A file of `mock-kdc/krb5/tests/golden/mit-default`; its README says what each is.
fn recorded(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("mock-kdc/krb5/tests/golden/mit-default").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let digits: String = text.lines().filter(|line| !line.starts_with('#')).collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}
