"""What the intake's commands refuse."""

from core.errors import Refusal


class UploadTooLarge(Refusal):
    status = 413
    code = "upload_too_large"
    message = "文件超过 %(limit)s MB 的上限。"


class ArchiveRefused(Refusal):
    status = 422
    code = "archive_refused"
    message = "压缩包不能接收，请直接上传 PDF 文件。"


class DossierBusy(Refusal):
    status = 409
    code = "dossier_busy"
    message = "材料正在检查，请稍候。"


class RulesDecided(Refusal):
    status = 409
    code = "rules_decided"
    message = "该项规则变更已经处理过。"


class WrongOffset(Refusal):
    status = 409
    code = "wrong_offset"
    message = "请从第 %(offset)s 字节继续上传。"


class UploadIncomplete(Refusal):
    status = 409
    code = "upload_incomplete"
    message = "文件“%(name)s”还没有传完。"


class NotMultipart(Refusal):
    status = 422
    code = "not_multipart"
    message = "请以 multipart/form-data 提交文件。"


class RequestReused(Refusal):
    status = 409
    code = "idempotency_conflict"
    message = "该幂等键已用于另一份数据。"
