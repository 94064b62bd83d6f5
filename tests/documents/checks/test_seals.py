from documents.checks import seals
from documents.seals import SealSpot, SignatureSpot
from tests.documents.builders import BOX, page, reading


def test_missing_seals_name_the_party() -> None:
    spots = [SealSpot("builder", "施工单位", BOX, sealed=True), SealSpot("supervisor", "监理单位", BOX)]
    (found,) = seals.missing_seals(reading(page(seal_spots=spots)))
    assert (found.message.zh, found.bbox) == ("“监理单位”处未见印章。", BOX)


def test_missing_signatures() -> None:
    spots = [SignatureSpot("法定代表人", BOX, signed=False), SignatureSpot("项目经理", BOX, signed=True)]
    (found,) = seals.missing_signatures(reading(page(signature_spots=spots)))
    assert found.message.zh == "“法定代表人”处未签字。"


def test_blank_dates() -> None:
    assert [found.code for found in seals.blank_dates(reading(page(blank_dates=[BOX])))] == ["date-blank"]
